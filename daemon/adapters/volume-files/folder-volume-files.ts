/**
 * Pods' volumes in folders: `<root>/<uid>/<sort>/<name>`, with the pod's name beside them. There are two roots, one of them in memory
 * where the machine has such a place; only the daemon's user can enter either. The assembly makes one; the kubelet uses it.
 */
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { formatKey, parseKey } from '../../../reconcilers/objects/meta.ts';
import { isSampanError, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import {
  type HostPath,
  IN_PLACE,
  type PlacedVolume,
  type PodOnNode,
  type VolumeContent,
  type VolumeFiles,
  type VolumeFolder,
} from '../../../reconcilers/ports/volume-files.ts';
import { isMissing, replaceFiles, revisionIn } from './atomic-folder.ts';
import { diskUsage } from './disk-usage.ts';
import { provideHostPath } from './host-path.ts';
import { mountMemory, removeFolder } from './mounts.ts';
import { giveToGroup, setOwnership, writableFolder } from './ownership.ts';
import { writeInPlace } from './single-file.ts';
import { resolveSubPath } from './sub-path.ts';

const NAME_FILE = 'pod';
/** Holds the files that are mounted one by one. */
const SINGLE = 'etc';
const PRIVATE_MODE = 0o700;
const EVERYBODY = 0o777;
/** Before the names of folders that are not ready; no volume's name begins with it. */
const UNFINISHED = '.';
/** Inside the mount, so that an engine that does not see the mount finds nothing, and says so, instead of an empty folder. */
const IN_TMPFS = 'data';

/** Files by revision, folders on the disk, folders in memory, links to paths of the machine. */
type Sort = 'volumes' | 'folders' | 'tmpfs' | 'paths';

export interface VolumeRoots {
  readonly disk: string;
  /** Absent: everything is on the disk. */
  readonly memory?: string;
}

export class FolderVolumeFiles implements VolumeFiles {
  readonly #roots: VolumeRoots;

  constructor(roots: VolumeRoots) {
    this.#roots = roots;
  }

  async pods(): Promise<PodOnNode[]> {
    const found = new Map<string, PodOnNode>();
    for (const root of this.#all()) {
      for (const uid of await namesIn(root)) {
        const name = await readText(join(root, uid, NAME_FILE));
        if (name !== undefined) found.set(uid, { ...parseKey(name), uid });
        // Its name comes before anything else: the daemon died just then, and there is nothing in it.
        else await rm(join(root, uid), { recursive: true, force: true });
      }
    }
    return [...found.values()];
  }

  async placed(podUid: string): Promise<ReadonlyMap<string, PlacedVolume>> {
    const volumes = new Map<string, PlacedVolume>();
    for (const root of this.#all()) {
      for (const sort of await namesIn(join(root, podUid))) {
        if (!isSort(sort)) continue;
        for (const name of await namesIn(join(root, podUid, sort))) {
          const found = await FIND[sort](join(root, podUid, sort, name));
          if (found !== undefined) volumes.set(name, found);
        }
      }
    }
    return volumes;
  }

  write(pod: PodOnNode, volume: string, content: VolumeContent): Promise<void> {
    const root = this.#rootOf(content.medium);
    return this.#place(pod, volume, root, 'volumes', (path) =>
      replaceFiles(path, content, { flush: root === this.#roots.disk }),
    );
  }

  makeFolder(pod: PodOnNode, volume: string, { medium, sizeBytes, group }: VolumeFolder): Promise<void> {
    const root = this.#rootOf(medium);
    if (medium === 'disk') return this.#place(pod, volume, root, 'folders', (path) => makeEmpty(path, group));
    return this.#place(pod, volume, root, 'tmpfs', async (path) => {
      await mkdir(path, { recursive: true });
      await mountMemory(path, sizeBytes);
      await makeEmpty(join(path, IN_TMPFS), group);
    });
  }

  usePath(pod: PodOnNode, volume: string, { path, type, group }: HostPath): Promise<void> {
    const target = resolve('/', path);
    return this.#place(pod, volume, this.#rootOf('memory'), 'paths', async (link) => {
      await provideHostPath({ path: target, type });
      if (group !== undefined) await giveToGroup(target, group);
      await symlink(target, link).catch(unlessThere);
    });
  }

  async subPath(root: string, subPath: string): Promise<string> {
    try {
      return await resolveSubPath(root, subPath);
    } catch (cause) {
      if (isSampanError(cause)) throw cause;
      throw new SampanError('SubPathRefused', { subPath, detail: messageOf(cause) }, cause);
    }
  }

  /** On the disk: they hold nothing secret. */
  async writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const { disk } = this.#roots;
    const names = [...files.keys()];
    if (names.length > 0) await this.#place(pod, names.join(', '), disk, SINGLE, () => this.#writeAll(pod, files));
    return new Map(names.map((name) => [name, this.#singlePath(pod, name)]));
  }

  usedBytes(root: string): Promise<number> {
    return diskUsage(root);
  }

  async remove(podUid: string): Promise<void> {
    for (const root of this.#all()) await removeFolder(join(root, podUid));
  }

  /** The pod's name first: whatever comes between, it is found again, and removed. */
  async #place(
    pod: PodOnNode,
    volume: string,
    root: string,
    sort: Sort | typeof SINGLE,
    work: (path: string) => Promise<void>,
  ): Promise<void> {
    const folder = join(root, pod.uid);
    try {
      await mkdir(join(folder, sort), { recursive: true, mode: PRIVATE_MODE });
      await writeFile(join(folder, NAME_FILE), formatKey(pod));
      await work(join(folder, sort, volume));
    } catch (cause) {
      throw new SampanError('VolumeUnwritable', { volume, pod: formatKey(pod), detail: messageOf(cause) }, cause);
    }
  }

  async #writeAll(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<void> {
    await Promise.all([...files].map(([name, text]) => writeInPlace(this.#singlePath(pod, name), text)));
  }

  #singlePath({ uid }: PodOnNode, name: string): string {
    return join(this.#roots.disk, uid, SINGLE, name);
  }

  #rootOf(medium: VolumeContent['medium']): string {
    const { disk, memory = disk } = this.#roots;
    return medium === 'memory' ? memory : disk;
  }

  #all(): string[] {
    const { disk, memory } = this.#roots;
    return memory === undefined ? [disk] : [disk, memory];
  }
}

/** What is in place at a path of its sort; undefined where that was broken off. */
const FIND: Readonly<Record<Sort, (path: string) => Promise<PlacedVolume | undefined>>> = {
  async volumes(path) {
    const revision = await revisionIn(path);
    return revision === undefined ? undefined : { revision, path };
  },
  folders: async (path) => (basename(path).startsWith(UNFINISHED) ? undefined : { revision: IN_PLACE, path }),
  async tmpfs(path) {
    const isMade = (await namesIn(path)).includes(IN_TMPFS);
    return isMade ? { revision: IN_PLACE, path: join(path, IN_TMPFS) } : undefined;
  },
  paths: async (link) => ({ revision: IN_PLACE, path: await readlink(link) }),
};

function isSort(name: string): name is Sort {
  return Object.hasOwn(FIND, name);
}

/** Its name comes last, when it is as it must be. */
async function makeEmpty(path: string, group: number | undefined): Promise<void> {
  const unfinished = join(dirname(path), `${UNFINISHED}${basename(path)}`);
  if ((await namesIn(dirname(path))).includes(basename(path))) return;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  await setOwnership(unfinished, writableFolder(EVERYBODY, group));
  await rename(unfinished, path);
}

function unlessThere(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')) || undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
