/**
 * Keeps the last good snapshot of each source in a file below the data dir, so that a source that is broken while the daemon
 * restarts is still defended. Only its owner may read it: manifests hold what people put into them.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotArchive, SourceSnapshot } from '../../reconcilers/ports/manifest-source.ts';

/** Another layout is another version, and not read. */
const VERSION = 1;

interface Stored extends Omit<SourceSnapshot, 'files'> {
  readonly version: typeof VERSION;
  /** `bytes` in base64. */
  readonly files: readonly { readonly path: string; readonly bytes: string }[];
}

export class FileSnapshotArchive implements SnapshotArchive {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'sources');
  }

  async save(source: string, snapshot: SourceSnapshot): Promise<void> {
    const files = snapshot.files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes).toString('base64') }));
    const stored: Stored = { version: VERSION, ...snapshot, files };
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(`${this.#file(source)}.new`, JSON.stringify(stored), { mode: 0o600 });
    await rename(`${this.#file(source)}.new`, this.#file(source));
  }

  async load(source: string): Promise<SourceSnapshot | undefined> {
    try {
      const { version, files, ...snapshot } = JSON.parse(await readFile(this.#file(source), 'utf8')) as Stored;
      if (version !== VERSION) return undefined;
      return { ...snapshot, files: files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes, 'base64') })) };
    } catch {
      return undefined;
    }
  }

  #file(source: string): string {
    return join(this.#folder, `${source}.json`);
  }
}
