/** Pods' volumes in memory, as a node keeps them: they outlive the daemon. Held to the port by its contract suite. */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import {
  type HostPath,
  IN_PLACE,
  type PlacedVolume,
  type PodOnNode,
  type VolumeContent,
  type VolumeFiles,
  type VolumeFolder,
} from '../../reconcilers/ports/volume-files.ts';

type FakeVolume =
  | { readonly content: VolumeContent }
  | { readonly folder: VolumeFolder }
  | { readonly hostPath: HostPath };

interface FakePod {
  readonly pod: PodOnNode;
  readonly volumes: Map<string, FakeVolume>;
  readonly singles: Map<string, string>;
}

export class FakeVolumeFiles implements VolumeFiles {
  readonly #pods = new Map<string, FakePod>();
  /** Set, every write fails with it. */
  refusal: string | undefined;
  writes = 0;
  /** What folders take of the disk, by their path; others nothing. */
  readonly used = new Map<string, number>();
  /** Paths of the machine, and what is there. */
  readonly machine = new Map<string, 'Directory' | 'File'>();

  /** Of the pods of which something is here, sorted. */
  get heldUids(): string[] {
    return [...this.#pods.keys()].sort();
  }

  async pods(): Promise<PodOnNode[]> {
    return [...this.#pods.values()].map(({ pod }) => pod);
  }

  async placed(podUid: string): Promise<ReadonlyMap<string, PlacedVolume>> {
    const volumes = this.#pods.get(podUid)?.volumes ?? new Map<string, FakeVolume>();
    return new Map([...volumes].map(([name, volume]) => [name, placed(podUid, name, volume)]));
  }

  async write(pod: PodOnNode, volume: string, content: VolumeContent): Promise<void> {
    const before = this.#of(pod, volume).get(volume);
    if (before !== undefined && 'content' in before && before.content.revision === content.revision) return;
    this.#put(pod, volume, { content });
  }

  async makeFolder(pod: PodOnNode, volume: string, folder: VolumeFolder): Promise<void> {
    if (!this.#of(pod, volume).has(volume)) this.#put(pod, volume, { folder });
  }

  async usePath(pod: PodOnNode, volume: string, hostPath: HostPath): Promise<void> {
    const { path, type } = hostPath;
    this.#of(pod, volume);
    const found = this.machine.get(path);
    const wanted = type.replace('OrCreate', '');
    if (found === undefined && type !== '' && wanted === type)
      this.#refuse(pod, volume, `hostPath ${path} doesn't exist`);
    if (found !== undefined && type !== '' && found !== wanted) {
      const expected = wanted.toLowerCase();
      this.#refuse(pod, volume, `hostPath type check failed: ${path} is not a ${expected}, it's a ${found}`);
    }
    if (found === undefined) this.machine.set(path, wanted === 'File' ? 'File' : 'Directory');
    this.#put(pod, volume, { hostPath });
  }

  async subPath(root: string, subPath: string): Promise<string> {
    if (subPath.split('/').includes('..')) {
      throw new SampanError('SubPathRefused', { subPath, detail: "must not contain '..'" });
    }
    return `${root}/${subPath}`;
  }

  async writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    if (files.size === 0) return new Map();
    const names = [...files.keys()];
    this.#of(pod, names.join(', '));
    for (const [name, text] of files) this.#known(pod).singles.set(name, text);
    return new Map(names.map((name) => [name, singlePathOf(pod.uid, name)]));
  }

  async usedBytes(root: string): Promise<number> {
    return this.used.get(root) ?? 0;
  }

  async remove(podUid: string): Promise<void> {
    this.#pods.delete(podUid);
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
      for (const [name, volume] of volumes) {
        if (!('content' in volume) || pathOf(uid, name) !== source) continue;
        const file = volume.content.files.find((each) => each.path === path);
        if (file !== undefined) return { text: Buffer.from(file.data).toString(), mode: file.mode };
      }
    }
    return undefined;
  }

  /** What was written of a volume of files. */
  content(podUid: string, volume: string): VolumeContent | undefined {
    const found = this.#pods.get(podUid)?.volumes.get(volume);
    return found !== undefined && 'content' in found ? found.content : undefined;
  }

  /** What a folder was asked for with. */
  folder(podUid: string, volume: string): VolumeFolder | undefined {
    const found = this.#pods.get(podUid)?.volumes.get(volume);
    return found !== undefined && 'folder' in found ? found.folder : undefined;
  }

  #of(pod: PodOnNode, volume: string): Map<string, FakeVolume> {
    if (this.refusal !== undefined) this.#refuse(pod, volume, this.refusal);
    return this.#pods.get(pod.uid)?.volumes ?? new Map();
  }

  #put(pod: PodOnNode, volume: string, made: FakeVolume): void {
    this.#known(pod).volumes.set(volume, made);
    this.writes += 1;
  }

  #known({ uid, namespace, name }: PodOnNode): FakePod {
    const known = this.#pods.get(uid) ?? { pod: { uid, namespace, name }, volumes: new Map(), singles: new Map() };
    this.#pods.set(uid, known);
    return known;
  }

  #refuse({ namespace, name }: PodOnNode, volume: string, detail: string): never {
    throw new SampanError('VolumeUnwritable', { volume, pod: `${namespace}/${name}`, detail });
  }
}

function placed(podUid: string, name: string, volume: FakeVolume): PlacedVolume {
  if ('content' in volume) return { revision: volume.content.revision, path: pathOf(podUid, name) };
  return { revision: IN_PLACE, path: 'hostPath' in volume ? volume.hostPath.path : pathOf(podUid, name) };
}

function singlePathOf(podUid: string, name: string): string {
  return `/var/lib/sampan/pods/${podUid}/etc/${name}`;
}

function pathOf(podUid: string, volume: string): string {
  return `/var/lib/sampan/pods/${podUid}/volumes/${volume}`;
}
