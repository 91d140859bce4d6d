/**
 * A path inside a volume, as something that can be mounted: every link on the way is followed, and none may lead out of the volume,
 * since whoever writes to it could put one there (CVE-2017-1002101). What is missing is made a folder, as open as the volume.
 */
import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isMissing } from './atomic-folder.ts';

const PERMISSIONS = 0o7777;

/** The path with no link left in it: a link that comes later does not change what it names. */
export async function resolveSubPath(root: string, subPath: string): Promise<string> {
  const top = await realpath(root);
  const mode = (await lstat(top)).mode & PERMISSIONS;
  let path = top;
  for (const name of subPath.split('/').filter((part) => part !== '' && part !== '.')) {
    if (name === '..') throw refused(subPath, "must not contain '..'");
    path = await step(join(path, name), mode);
    if (path !== top && !path.startsWith(`${top}${sep}`)) throw refused(subPath, 'it leads out of the volume');
  }
  return path;
}

async function step(path: string, mode: number): Promise<string> {
  try {
    const found = await lstat(path);
    return found.isSymbolicLink() ? await realpath(path) : path;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await mkdir(path);
  await chmod(path, mode); // past the process's umask
  return path;
}

function refused(subPath: string, detail: string): SampanError {
  return new SampanError('SubPathRefused', { subPath, detail });
}
