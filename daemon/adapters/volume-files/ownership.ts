/**
 * To whom the files and folders of volumes belong: as Kubernetes' SetVolumeOwnership has it for a pod's fsGroup, whose members may
 * read what is for reading and write what is for writing. Source: pkg/volume/volume_linux.go
 */
import { chmod, chown, lchown, lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPath } from '../../../reconcilers/ports/volume-files.ts';
import { isMissing } from './atomic-folder.ts';

export const GROUP_READS = 0o440;
const GROUP_READS_FOLDER = 0o2550;
const GROUP_WRITES_FOLDER = 0o2770;
const GROUP_WRITES = 0o660;

export interface Ownership {
  readonly mode: number;
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
}

export function readableFolder(mode: number, group: number | undefined): Ownership {
  return { mode: group === undefined ? mode : mode | GROUP_READS_FOLDER, group };
}

export function writableFolder(mode: number, group: number | undefined): Ownership {
  return { mode: group === undefined ? mode : mode | GROUP_WRITES_FOLDER, group };
}

/** Its mode comes last: a change of owner takes the set-group-id bit away. */
export async function setOwnership(path: string, { mode, owner, group }: Ownership): Promise<void> {
  if (owner !== undefined || group !== undefined) {
    const { uid, gid } = await lstat(path);
    await chown(path, owner ?? uid, group ?? gid);
  }
  await chmod(path, mode); // past the process's umask
}

/** A folder that was there before, and all that is in it. The folder itself comes last: where it is right, everything is. */
export async function giveToGroup(path: string, { id, policy }: NonNullable<HostPath['group']>): Promise<void> {
  const { gid, mode } = await lstat(path);
  const isRight = gid === id && (mode & GROUP_WRITES_FOLDER) === GROUP_WRITES_FOLDER;
  if (policy === 'Always' || !isRight) await giveAll(path, id);
}

async function giveAll(path: string, group: number): Promise<void> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) for await (const { name } of await opendir(path)) await giveAll(join(path, name), group);
    await lchown(path, found.uid, group);
    if (found.isSymbolicLink()) return;
    // A change of owner takes the set-group-id bit away: the mode comes after it.
    await chmod(path, found.mode | (found.isDirectory() ? GROUP_WRITES_FOLDER : GROUP_WRITES));
  } catch (error) {
    // Who writes to it meanwhile may take things away.
    if (!isMissing(error)) throw error;
  }
}
