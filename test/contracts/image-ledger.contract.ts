/** What every ledger of pulled images must do: the suite for the fake and for the file. */
import assert from 'node:assert/strict';
import type { ImageLedger, LedgerEntry } from '../../reconcilers/ports/image-ledger.ts';

export interface LedgerWorld {
  readonly ledger: ImageLedger;
  /** The same after a restart of the daemon. */
  reopen(): ImageLedger;
  close(): void;
}

const entry = (id: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id,
  names: ['a:1'],
  pulledAt: 1,
  ...more,
});

export function describeImageLedger(name: string, openWorld: () => LedgerWorld): void {
  describe(`image ledger contract: ${name}`, () => {
    let world: LedgerWorld;
    beforeEach(() => {
      world = openWorld();
    });
    afterEach(() => world.close());

    it('knows nothing at first', async () => {
      assert.deepEqual(await world.ledger.entries(), []);
      await world.ledger.update('x', (known) => known);
      assert.deepEqual(await world.ledger.entries(), []);
    });

    it('keeps what is written over a restart', async () => {
      await world.ledger.update('x', () => entry('x'));
      await world.ledger.update('y', () => entry('y', { unusedSince: 2 }));
      await world.ledger.update('x', (known) => known && { ...known, names: [...known.names, 'b:1'] });
      await world.ledger.update('z', () => entry('z'));
      await world.ledger.update('z', () => undefined);
      assert.deepEqual(await world.reopen().entries(), [
        entry('x', { names: ['a:1', 'b:1'] }),
        entry('y', { unusedSince: 2 }),
      ]);
    });

    it('loses no change of several at once', async () => {
      const count = () => world.ledger.update('x', (known) => entry('x', { pulledAt: (known?.pulledAt ?? 0) + 1 }));
      await Promise.all(Array.from({ length: 20 }, count));
      assert.deepEqual(await world.reopen().entries(), [entry('x', { pulledAt: 20 })]);
    });
  });
}
