/**
 * A folder whose files change all at once, laid out as Kubernetes' AtomicWriter does (pkg/volume/util/atomic_writer.go): the files are
 * in a folder named after their revision, `..data` is a link to it, and each visible name a link through `..data`. One rename of that
 * link is the change. Programs that watch `..data`, as those made for Kubernetes do, see it.
 */
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeContent, VolumeFile } from '../../../reconcilers/ports/volume-files.ts';
import { GROUP_READS, readableFolder, setOwnership } from './ownership.ts';

const DATA = '..data';
const NEXT_DATA = '..data_tmp';
const HIDDEN = '..';
/** Containers' users must be able to look into it; who may reach it on the machine is up to the folders above. */
const FOLDER_MODE = 0o755;

type Content = Pick<VolumeContent, 'revision' | 'files' | 'group'>;

/** The revision that is in place; undefined where none is. */
export async function revisionIn(folder: string): Promise<string | undefined> {
  return (await targetOf(join(folder, DATA)))?.slice(HIDDEN.length);
}

/** `flush`: the files must outlive a power failure. */
export async function replaceFiles(
  folder: string,
  { revision, files, group }: Content,
  { flush }: { flush: boolean },
): Promise<void> {
  if ((await revisionIn(folder)) === revision) return;
  await makeFolder(folder, group);
  const target = `${HIDDEN}${revision}`;
  // What a write that was broken off has left.
  await rm(join(folder, target), { recursive: true, force: true });
  await makeFolder(join(folder, target), group);
  for (const file of files) await addFile(join(folder, target), file, group, flush);

  const visible = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  // Names first: whoever dies after the rename is not asked again, and a link into nothing reads as no file.
  for (const name of visible) await show(folder, name);
  await rm(join(folder, NEXT_DATA), { force: true });
  await symlink(target, join(folder, NEXT_DATA));
  await rename(join(folder, NEXT_DATA), join(folder, DATA));
  await removeOthers(folder, new Set([...visible, DATA, target]));
}

/** A mount of a path that was not there yet may have left a folder under the name. */
async function show(folder: string, name: string): Promise<void> {
  const [link, target] = [join(folder, name), join(DATA, name)];
  if ((await targetOf(link)) === target) return;
  await rm(link, { recursive: true, force: true });
  await symlink(target, link);
}

async function addFile(
  folder: string,
  { path, mode, data, owner }: VolumeFile,
  group: number | undefined,
  flush: boolean,
): Promise<void> {
  const parents = dirname(path).split('/');
  for (let depth = 1; depth <= parents.length; depth++) {
    await makeFolder(join(folder, ...parents.slice(0, depth)), group);
  }
  // Nobody else's before it has its owner.
  await writeFile(join(folder, path), data, { mode: 0o600, flush });
  await setOwnership(join(folder, path), { mode: group === undefined ? mode : mode | GROUP_READS, owner, group });
}

async function makeFolder(path: string, group: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true });
  await setOwnership(path, readableFolder(FOLDER_MODE, group));
}

async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Where a link leads; undefined where there is none. */
async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
