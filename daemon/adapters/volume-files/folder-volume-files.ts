/**
 * Pods' volumes in folders: `<root>/<uid>/volumes/<name>`, with the pod's name beside them. There are two roots, one of them in memory
 * where the machine has such a place; only the daemon's user can enter either. The assembly makes one; the kubelet uses it.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatKey, parseKey } from '../../../reconcilers/objects/meta.ts';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { PlacedVolume, PodOnNode, VolumeContent, VolumeFiles } from '../../../reconcilers/ports/volume-files.ts';
import { isMissing, replaceFiles, revisionIn } from './atomic-folder.ts';
import { writeInPlace } from './single-file.ts';

const NAME_FILE = 'pod';
const VOLUMES = 'volumes';
/** Holds the files that are mounted one by one. */
const SINGLE = 'etc';
const PRIVATE_MODE = 0o700;

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
      const folder = join(root, podUid, VOLUMES);
      for (const name of await namesIn(folder)) {
        const path = join(folder, name);
        const revision = await revisionIn(path);
        if (revision !== undefined) volumes.set(name, { revision, path });
      }
    }
    return volumes;
  }

  async write(pod: PodOnNode, volume: string, { revision, medium, files }: VolumeContent): Promise<void> {
    const { disk, memory } = this.#roots;
    const root = medium === 'memory' && memory !== undefined ? memory : disk;
    const folder = join(root, pod.uid);
    try {
      await makePodFolder(folder, VOLUMES, pod);
      await replaceFiles(join(folder, VOLUMES, volume), revision, files, { flush: root === disk });
    } catch (cause) {
      throw new SampanError('VolumeUnwritable', { volume, pod: formatKey(pod), detail: messageOf(cause) }, cause);
    }
  }

  /** On the disk: they hold nothing secret. */
  async writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const folder = join(this.#roots.disk, pod.uid);
    try {
      if (files.size > 0) await makePodFolder(folder, SINGLE, pod);
      const written = [...files].map(async ([name, text]) => {
        await writeInPlace(join(folder, SINGLE, name), text);
        return [name, join(folder, SINGLE, name)] as const;
      });
      return new Map(await Promise.all(written));
    } catch (cause) {
      const volume = [...files.keys()].join(', ');
      throw new SampanError('VolumeUnwritable', { volume, pod: formatKey(pod), detail: messageOf(cause) }, cause);
    }
  }

  async remove(podUid: string): Promise<void> {
    for (const root of this.#all()) await rm(join(root, podUid), { recursive: true, force: true });
  }

  #all(): string[] {
    const { disk, memory } = this.#roots;
    return memory === undefined ? [disk] : [disk, memory];
  }
}

/** With the pod's name in it. */
async function makePodFolder(folder: string, part: string, pod: PodOnNode): Promise<void> {
  await mkdir(join(folder, part), { recursive: true, mode: PRIVATE_MODE });
  await writeFile(join(folder, NAME_FILE), formatKey(pod));
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
