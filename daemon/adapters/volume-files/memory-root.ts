/**
 * The place in memory for what must not lie on a disk: a folder on a tmpfs that the machine has anyway. One of the daemon's own would
 * be invisible to a Docker engine in another mount namespace, and stay behind where the daemon is killed; these are there before
 * both, and empty after a reboot.
 */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

const PLACES = ['/run', '/dev/shm'] as const;
const TMPFS_MAGIC = 0x01021994;

/** `instance`: this daemon's among those on the machine; `uid` its user. Undefined where root is needed, or there is no tmpfs. */
export async function memoryRoot(instance: string, uid: number | undefined): Promise<string | undefined> {
  if (uid !== 0) return undefined;
  for (const place of PLACES) if (await isInMemory(place)) return folderIn(place, instance);
  return undefined;
}

/** Wherever it was on an earlier run. */
export function memoryRoots(instance: string): string[] {
  return PLACES.map((place) => folderIn(place, instance));
}

async function isInMemory(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === TMPFS_MAGIC;
  } catch {
    return false;
  }
}

function folderIn(place: string, instance: string): string {
  return join(place, 'sampan', instance);
}
