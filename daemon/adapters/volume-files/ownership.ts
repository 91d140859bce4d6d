/**
 * To whom the files and folders of volumes belong: as Kubernetes' SetVolumeOwnership has it for a pod's fsGroup, whose members may
 * read what is for reading and write what is for writing. Source: pkg/volume/volume_linux.go
 */
import { chmod, chown, lstat } from 'node:fs/promises';

export const GROUP_READS = 0o440;
const GROUP_READS_FOLDER = 0o2550;
const GROUP_WRITES_FOLDER = 0o2770;

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
