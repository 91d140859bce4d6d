/** Containers' last words, a file each in one folder that nobody but the daemon can enter; containers have the file, not the folder. */
import { chmod, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TerminationFiles } from '../../reconcilers/ports/termination-files.ts';

const PRIVATE_MODE = 0o700;
/** A container's user may be anybody. */
const EVERYBODY_WRITES = 0o666;

export class FolderTerminationFiles implements TerminationFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  names(): Promise<string[]> {
    return unlessMissing(readdir(this.#folder), []);
  }

  async make(name: string): Promise<string> {
    const path = join(this.#folder, name);
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_MODE });
    await (await open(path, 'a')).close();
    await chmod(path, EVERYBODY_WRITES);
    return path;
  }

  async read(name: string, maxBytes: number): Promise<string> {
    const file = await unlessMissing(open(join(this.#folder, name)), undefined);
    if (file === undefined) return '';
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
  }
}

async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
