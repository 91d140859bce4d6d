/**
 * A folder whose files change all at once, laid out as Kubernetes' AtomicWriter does (pkg/volume/util/atomic_writer.go): the files are
 * in a folder named after their revision, `..data` is a link to it, and each visible name a link through `..data`. One rename of that
 * link is the change. Programs that watch `..data`, as those made for Kubernetes do, see it.
 */
import { chmod, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeFile } from '../../../reconcilers/ports/volume-files.ts';

const DATA = '..data';
const NEXT_DATA = '..data_tmp';
const HIDDEN = '..';
/** Containers' users must be able to look into it; who may reach it on the machine is up to the folders above. */
const FOLDER_MODE = 0o755;

/** The revision that is in place; undefined where none is. */
export async function revisionIn(folder: string): Promise<string | undefined> {
  try {
    return (await readlink(join(folder, DATA))).slice(HIDDEN.length);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** `flush`: the files must outlive a power failure. */
export async function replaceFiles(
  folder: string,
  revision: string,
  files: readonly VolumeFile[],
  { flush }: { flush: boolean },
): Promise<void> {
  if ((await revisionIn(folder)) === revision) return;
  await makeFolder(folder);
  const target = `${HIDDEN}${revision}`;
  // What a write that was broken off has left.
  await rm(join(folder, target), { recursive: true, force: true });
  await makeFolder(join(folder, target));
  for (const file of files) await addFile(join(folder, target), file, flush);

  const visible = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  // Names first: whoever dies after the rename is not asked again, and a link into nothing reads as no file.
  for (const name of visible)
    if (!(await exists(join(folder, name)))) await symlink(join(DATA, name), join(folder, name));
  await rm(join(folder, NEXT_DATA), { force: true });
  await symlink(target, join(folder, NEXT_DATA));
  await rename(join(folder, NEXT_DATA), join(folder, DATA));
  await removeOthers(folder, new Set([...visible, DATA, target]));
}

async function addFile(folder: string, { path, mode, data }: VolumeFile, flush: boolean): Promise<void> {
  const parents = dirname(path).split('/');
  for (let depth = 1; depth <= parents.length; depth++) await makeFolder(join(folder, ...parents.slice(0, depth)));
  await writeFile(join(folder, path), data, { mode, flush });
  await chmod(join(folder, path), mode); // past the process's umask
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  await chmod(path, FOLDER_MODE);
}

async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
