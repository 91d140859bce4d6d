/** Claims' folders in memory, as a node keeps them: they outlive the daemon. Held to the port by its contract suite. */
import type { ClaimFolderState, ClaimFolders } from '../../reconcilers/ports/claim-folders.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';

const VOLUME_NAME = /^[a-z0-9][a-z0-9-]*$/;

export class FakeClaimFolders implements ClaimFolders {
  readonly #used = new Map<string, boolean>();
  readonly #machine: Map<string, 'Directory' | 'File'>;

  /** `machine`: what is at which path, for whoever mounts it. */
  constructor(machine = new Map<string, 'Directory' | 'File'>()) {
    this.#machine = machine;
  }

  /** Of which there is a folder. */
  get volumes(): string[] {
    return [...this.#used.keys()];
  }

  pathOf(volume: string): string {
    if (!VOLUME_NAME.test(volume)) throw new SampanError('ClaimFolderFailed', { volume, detail: 'it is no name' });
    return `/var/lib/sampan/claims/${volume}`;
  }

  async list(): Promise<string[]> {
    return [...this.#used.keys()];
  }

  async state(volume: string): Promise<ClaimFolderState> {
    this.pathOf(volume);
    const isUsed = this.#used.get(volume);
    if (isUsed === undefined) return 'absent';
    return isUsed ? 'used' : 'empty';
  }

  async make(volume: string): Promise<void> {
    this.#machine.set(this.pathOf(volume), 'Directory');
    if (!this.#used.has(volume)) this.#used.set(volume, false);
  }

  async remove(volume: string): Promise<void> {
    this.#machine.delete(this.pathOf(volume));
    this.#used.delete(volume);
  }

  async removeEmpty(volume: string): Promise<void> {
    if ((await this.state(volume)) !== 'empty') return;
    this.#machine.delete(this.pathOf(volume));
    this.#used.delete(volume);
  }

  /** As a container that mounts it. */
  async write(volume: string): Promise<void> {
    if (this.#used.has(volume)) this.#used.set(volume, true);
  }
}
