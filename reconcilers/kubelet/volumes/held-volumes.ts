/**
 * Of which pods this node has volumes, by the pods' names: read from the node once, then kept by the kubelet's own writes. It is how
 * the volumes of a pod that went while no daemon ran are found again.
 */
import { formatKey, type ObjectKey } from '../../objects/meta.ts';
import type { PodOnNode, VolumeFiles } from '../../ports/volume-files.ts';

export class HeldVolumes {
  readonly #files: VolumeFiles;
  readonly #byUid = new Map<string, PodOnNode>();
  readonly #byKey = new Map<string, Set<string>>();
  #loaded: Promise<void> | undefined;

  constructor(files: VolumeFiles) {
    this.#files = files;
  }

  /** Resolves when what was there before is known. */
  load(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  of(key: ObjectKey): string[] {
    return [...(this.#byKey.get(formatKey(key)) ?? [])].sort();
  }

  pods(): ObjectKey[] {
    return [...this.#byUid.values()].map(({ namespace, name }) => ({ namespace, name }));
  }

  add(pod: PodOnNode): void {
    if (this.#byUid.has(pod.uid)) return;
    this.#byUid.set(pod.uid, pod);
    const key = formatKey(pod);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(pod.uid));
  }

  remove(uid: string): void {
    const pod = this.#byUid.get(uid);
    if (pod === undefined) return;
    this.#byUid.delete(uid);
    const uids = this.#byKey.get(formatKey(pod));
    uids?.delete(uid);
    if (uids?.size === 0) this.#byKey.delete(formatKey(pod));
  }

  async #read(): Promise<void> {
    for (const pod of await this.#files.pods()) this.add(pod);
  }
}
