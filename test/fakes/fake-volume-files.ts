/** Pods' volumes in memory, as a node keeps them: they outlive the daemon. Held to the port by its contract suite. */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { PlacedVolume, PodOnNode, VolumeContent, VolumeFiles } from '../../reconcilers/ports/volume-files.ts';

interface FakePod {
  readonly pod: PodOnNode;
  readonly volumes: Map<string, VolumeContent>;
  readonly singles: Map<string, string>;
}

export class FakeVolumeFiles implements VolumeFiles {
  readonly #pods = new Map<string, FakePod>();
  /** Set, every write fails with it. */
  refusal: string | undefined;
  writes = 0;

  /** Of the pods of which something is here, sorted. */
  get heldUids(): string[] {
    return [...this.#pods.keys()].sort();
  }

  async pods(): Promise<PodOnNode[]> {
    return [...this.#pods.values()].map(({ pod }) => pod);
  }

  async placed(podUid: string): Promise<ReadonlyMap<string, PlacedVolume>> {
    const volumes = this.#pods.get(podUid)?.volumes ?? new Map<string, VolumeContent>();
    return new Map([...volumes].map(([name, { revision }]) => [name, { revision, path: pathOf(podUid, name) }]));
  }

  async write(pod: PodOnNode, volume: string, content: VolumeContent): Promise<void> {
    const known = this.#of(pod, volume);
    if (known.volumes.get(volume)?.revision === content.revision) return;
    known.volumes.set(volume, content);
    this.writes += 1;
  }

  async writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    if (files.size === 0) return new Map();
    const { singles } = this.#of(pod, [...files.keys()].join(', '));
    for (const [name, text] of files) singles.set(name, text);
    return new Map([...files.keys()].map((name) => [name, singlePathOf(pod.uid, name)]));
  }

  async remove(podUid: string): Promise<void> {
    this.#pods.delete(podUid);
  }

  #of({ uid, namespace, name }: PodOnNode, volume: string): FakePod {
    if (this.refusal !== undefined) {
      throw new SampanError('VolumeUnwritable', { volume, pod: `${namespace}/${name}`, detail: this.refusal });
    }
    const known = this.#pods.get(uid) ?? { pod: { uid, namespace, name }, volumes: new Map(), singles: new Map() };
    this.#pods.set(uid, known);
    return known;
  }

  /** What a container reads of a file that it mounts by itself. */
  async readSingle(path: string): Promise<string | undefined> {
    for (const [uid, { singles }] of this.#pods) {
      for (const [name, text] of singles) if (singlePathOf(uid, name) === path) return text;
    }
    return undefined;
  }

  /** What a container reads at `path` of a folder that it mounts. */
  async read(source: string, path: string): Promise<{ text: string; mode: number } | undefined> {
    for (const [uid, { volumes }] of this.#pods) {
      for (const [name, { files }] of volumes) {
        const file = pathOf(uid, name) === source ? files.find((each) => each.path === path) : undefined;
        if (file !== undefined) return { text: Buffer.from(file.data).toString(), mode: file.mode };
      }
    }
    return undefined;
  }
}

function singlePathOf(podUid: string, name: string): string {
  return `/var/lib/sampan/pods/${podUid}/etc/${name}`;
}

function pathOf(podUid: string, volume: string): string {
  return `/var/lib/sampan/pods/${podUid}/volumes/${volume}`;
}
