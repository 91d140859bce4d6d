/** The images that a node's daemon has pulled, in memory; they outlive the daemon. Held to the port by its contract suite. */
import type { ImageLedger, LedgerEntry } from '../../reconcilers/ports/image-ledger.ts';

export class MemoryImageLedger implements ImageLedger {
  readonly #entries = new Map<string, LedgerEntry>();

  async entries(): Promise<readonly LedgerEntry[]> {
    return [...this.#entries.values()];
  }

  async update(id: string, change: (known: LedgerEntry | undefined) => LedgerEntry | undefined): Promise<void> {
    const next = change(this.#entries.get(id));
    if (next === undefined) this.#entries.delete(id);
    else this.#entries.set(id, next);
  }
}
