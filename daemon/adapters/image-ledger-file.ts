/**
 * The ledger of pulled images as a file of the data dir: read once, written whole and put in place at each change. A file that cannot
 * be read is as good as none: its images are then nobody's, and stay.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { messageOf } from '../../reconcilers/ports/errors.ts';
import type { ImageLedger, LedgerEntry } from '../../reconcilers/ports/image-ledger.ts';
import type { Log } from '../../reconcilers/ports/log.ts';

const VERSION = 1;

export class FileImageLedger implements ImageLedger {
  readonly #path: string;
  readonly #log: Log;
  #known: Promise<Map<string, LedgerEntry>> | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  async entries(): Promise<readonly LedgerEntry[]> {
    return [...(await this.#read()).values()];
  }

  async update(id: string, change: (known: LedgerEntry | undefined) => LedgerEntry | undefined): Promise<void> {
    const entries = await this.#read();
    const before = entries.get(id);
    const next = change(before);
    if (next === before) return;
    if (next === undefined) entries.delete(id);
    else entries.set(id, next);
    await this.#write(entries);
  }

  #read(): Promise<Map<string, LedgerEntry>> {
    this.#known ??= this.#load();
    return this.#known;
  }

  async #load(): Promise<Map<string, LedgerEntry>> {
    try {
      const { version, images } = JSON.parse(await readFile(this.#path, 'utf8'));
      if (version !== VERSION || !Array.isArray(images)) throw new Error(`it is of version ${version}`);
      return new Map(images.map((entry: LedgerEntry) => [entry.id, entry]));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const next = 'images pulled before are no longer cleaned up';
        this.#log.error('the list of pulled images cannot be read', {
          path: this.#path,
          error: messageOf(error),
          next,
        });
      }
      return new Map();
    }
  }

  /** One after the other; the last one writes what is known by then. */
  #write(entries: ReadonlyMap<string, LedgerEntry>): Promise<void> {
    this.#written = this.#written.then(async () => {
      const beside = `${this.#path}.new`;
      try {
        await writeFile(beside, `${JSON.stringify({ version: VERSION, images: [...entries.values()] }, null, 1)}\n`, {
          mode: 0o600,
          flush: true,
        });
        await rename(beside, this.#path);
      } catch (error) {
        this.#log.error('the list of pulled images cannot be written; the next change tries again', {
          path: this.#path,
          error: messageOf(error),
        });
      }
    });
    return this.#written;
  }
}
