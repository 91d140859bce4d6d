/** Containers' last words in memory; they outlive the daemon. A test writes them as a container would. */
import type { TerminationFiles } from '../../reconcilers/ports/termination-files.ts';

const FOLDER = '/var/lib/sampan/termination-messages/';

export class FakeTerminationFiles implements TerminationFiles {
  readonly #texts = new Map<string, string>();

  async names(): Promise<string[]> {
    return [...this.#texts.keys()];
  }

  async make(name: string): Promise<string> {
    this.#texts.set(name, this.#texts.get(name) ?? '');
    return FOLDER + name;
  }

  async read(name: string, maxBytes: number): Promise<string> {
    return Buffer.from(this.#texts.get(name) ?? '')
      .subarray(0, maxBytes)
      .toString();
  }

  async remove(name: string): Promise<void> {
    this.#texts.delete(name);
  }

  /** What a container writes that has the file at `path` mounted. */
  async write(path: string, text: string): Promise<void> {
    this.#texts.set(path.slice(FOLDER.length), text);
  }
}
