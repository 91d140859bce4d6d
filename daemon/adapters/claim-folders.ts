/**
 * Claims' folders below the data dir: `<root>/pvc-<uid>`. Only the daemon's user can enter the root; the folders themselves are open to
 * everybody, as containers of any user write to them. The assembly makes one; the local-provisioner uses it.
 */
import { chmod, mkdir, opendir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClaimFolderState, ClaimFolders } from '../../reconcilers/ports/claim-folders.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';

const PRIVATE_MODE = 0o700;
const EVERYBODY = 0o777;
/** Before the names of folders that are not ready, or on their way out; no volume's name begins with it. */
const PASSING = '.';
const VOLUME_NAME = /^[a-z0-9][a-z0-9-]*$/;

export class DataDirClaimFolders implements ClaimFolders {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  pathOf(volume: string): string {
    if (!VOLUME_NAME.test(volume)) throw failure(volume, new Error('it is no name of a volume that is made here'));
    return join(this.#root, volume);
  }

  /** What an earlier daemon was about to make or remove goes now. */
  async list(): Promise<string[]> {
    const names = await this.#names();
    for (const name of names.filter((each) => each.startsWith(PASSING))) {
      await rm(join(this.#root, name), { recursive: true, force: true });
    }
    return names.filter((name) => VOLUME_NAME.test(name));
  }

  async state(volume: string): Promise<ClaimFolderState> {
    const path = this.pathOf(volume);
    return this.#doing(volume, async () => {
      try {
        await using folder = await opendir(path);
        return (await folder.read()) === null ? 'empty' : 'used';
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return 'absent';
        throw error;
      }
    });
  }

  async make(volume: string): Promise<void> {
    const path = this.pathOf(volume);
    await this.#doing(volume, async () => {
      await mkdir(this.#root, { recursive: true, mode: PRIVATE_MODE });
      if ((await this.#names()).includes(volume)) return;
      // Its name comes last, when it is as it must be.
      const unfinished = join(this.#root, `${PASSING}new-${volume}`);
      await mkdir(unfinished, { recursive: true });
      await chmod(unfinished, EVERYBODY); // past the process's umask
      await rename(unfinished, path);
    });
  }

  async remove(volume: string): Promise<void> {
    const path = this.pathOf(volume);
    const passing = join(this.#root, `${PASSING}old-${volume}`);
    await this.#doing(volume, async () => {
      await rm(passing, { recursive: true, force: true });
      await rename(path, passing).catch(unless('ENOENT'));
      await rm(passing, { recursive: true, force: true });
    });
  }

  async removeEmpty(volume: string): Promise<void> {
    const path = this.pathOf(volume);
    await this.#doing(volume, () => rmdir(path).catch(unless('ENOENT', 'ENOTEMPTY')));
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#root);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #doing<T>(volume: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw failure(volume, cause);
    }
  }
}

function failure(volume: string, cause: unknown): SampanError {
  return new SampanError('ClaimFolderFailed', { volume, detail: messageOf(cause) }, cause);
}

function unless(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error))) throw error;
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
