/**
 * What manifest-sync relies on in every manifest source. Run against the folder, git and fake sources, which keeps the fake honest.
 */
import assert from 'node:assert/strict';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import type { ManifestSource, SourceSnapshot } from '../../reconcilers/ports/manifest-source.ts';
import { eventually } from '../e2e/harness/eventually.ts';

/** A source, and the hand that edits what it reads. */
export interface SourceUnderTest {
  readonly source: ManifestSource;
  /** Makes `files` (path to text) all there is. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Takes the whole place away, and brings it back as it was. */
  vanish(): Promise<void>;
  comeBack(): Promise<void>;
  dispose(): Promise<void>;
}

/** Counts what `changes` yields until it is told to stop. */
export class ChangeCounter {
  count = 0;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(source: ManifestSource) {
    this.#ended = this.#follow(source);
  }

  async #follow(source: ManifestSource): Promise<void> {
    for await (const _ of source.changes(this.#stop.signal)) this.count += 1;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

export const signal = new AbortController().signal;

export function textOf(snapshot: SourceSnapshot): Record<string, string> {
  return Object.fromEntries(snapshot.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]));
}

/** Waits for a snapshot that `holds`, as manifest-sync would: a new look after each change. */
export async function snapshotWhen(
  source: ManifestSource,
  changes: ChangeCounter,
  holds: (snapshot: SourceSnapshot) => boolean,
  describe: string,
): Promise<SourceSnapshot> {
  let seen = -1;
  return eventually(
    async () => {
      if (changes.count === seen) return undefined;
      seen = changes.count;
      const snapshot = await source.snapshot(signal).catch(() => undefined);
      return snapshot !== undefined && holds(snapshot) ? snapshot : undefined;
    },
    { describe, everyMs: 2 },
  );
}

export function manifestSourceContract(name: string, make: () => Promise<SourceUnderTest>): void {
  describe(`manifest source: ${name}`, () => {
    let place: SourceUnderTest;
    let changes: ChangeCounter;
    beforeEach(async () => {
      place = await make();
      changes = new ChangeCounter(place.source);
    });
    afterEach(async () => {
      await changes.stop();
      await place.source.close();
      await place.dispose();
    });
    const read = () => place.source.snapshot(signal);

    it('reads all manifests, sorted by path, in all folders, and nothing else', async () => {
      await place.write({
        'web.yaml': 'a: 1\n',
        'sub/web.yaml': 'a: 2\n',
        'sub/deeper/more.yml': 'a: 3\n',
        'list.json': '{}\n',
        'README.md': 'no manifest',
        'web.yaml.orig': 'no manifest',
      });
      const { files, problems } = await read();
      assert.deepEqual(
        files.map(({ path }) => path),
        ['list.json', 'sub/deeper/more.yml', 'sub/web.yaml', 'web.yaml'],
      );
      assert.equal(Buffer.from(files[2]?.bytes ?? []).toString(), 'a: 2\n');
      assert.deepEqual(problems, []);
    });

    it('gives equal files an equal revision, and other files another', async () => {
      await place.write({ 'web.yaml': 'a: 1\n' });
      const first = await read();
      assert.equal((await read()).revision, first.revision);
      await place.write({ 'web.yaml': 'a: 2\n' });
      await snapshotWhen(place.source, changes, ({ revision }) => revision !== first.revision, 'another revision');
    });

    it('tells of added, changed, renamed and removed files', async () => {
      const states = [
        { 'a.yaml': 'a: 1\n' },
        { 'a.yaml': 'a: 1\n', 'new/b.yaml': 'b: 1\n' },
        { 'a.yaml': 'a: 2\n', 'new/b.yaml': 'b: 1\n' },
        { 'c.yaml': 'a: 2\n', 'new/b.yaml': 'b: 1\n' },
        { 'c.yaml': 'a: 2\n' },
      ];
      for (const state of states) {
        await place.write(state);
        const isThere = (snapshot: SourceSnapshot) => JSON.stringify(textOf(snapshot)) === JSON.stringify(state);
        await snapshotWhen(place.source, changes, isThere, `the files ${Object.keys(state).join(', ')}`);
      }
    });

    it('is unreachable, never empty, while it is gone, and comes back by itself', async () => {
      await place.write({ 'a.yaml': 'a: 1\n' });
      const { revision } = await read();
      await place.vanish();
      const unreachable = async () => {
        try {
          await read();
          return false;
        } catch (error) {
          assert.ok(isSampanError(error, 'SourceUnreachable'), String(error));
          assert.match(error.message, new RegExp(place.source.location));
          return true;
        }
      };
      const before = changes.count;
      assert.ok(await unreachable());
      await place.comeBack();
      await eventually(() => changes.count > before, { describe: 'a sign of its return' });
      assert.equal((await read()).revision, revision);
    });

    it('ends the changes quietly when it is closed', async () => {
      await place.source.close();
      await changes.stop();
    });

    it('does not read when it is called off', async () => {
      await place.write({ 'a.yaml': 'a: 1\n' });
      await assert.rejects(place.source.snapshot(AbortSignal.abort()), { name: 'AbortError' });
    });
  });
}
