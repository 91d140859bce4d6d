/**
 * What a hostPath volume asks of a path of the machine: that it is of its type, or is made. In Kubernetes' words.
 * Source: pkg/volume/hostpath/host_path.go (checkType), pkg/volume/util/hostutil/hostutil.go (getFileType)
 */
import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPath } from '../../../reconcilers/ports/volume-files.ts';
import { isMissing } from './atomic-folder.ts';

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;

const EXPECTED = {
  Directory: 'directory',
  File: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
} as const;

export async function provideHostPath({ path, type }: HostPath): Promise<void> {
  const found = await statOf(path);
  // Nothing is asked of the path, but containers cannot mount what is not there; Docker's own binds make a folder too.
  if (type === '') {
    if (found === undefined) await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    return;
  }
  if (found === undefined && type === 'DirectoryOrCreate') {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    return;
  }
  if (found === undefined && type === 'FileOrCreate') {
    await (await open(path, 'a', FILE_MODE)).close();
    return;
  }
  if (found === undefined) throw new Error(`hostPath ${path} doesn't exist`);
  const wanted = type === 'DirectoryOrCreate' ? 'Directory' : type === 'FileOrCreate' ? 'File' : type;
  const actual = typeOf(found);
  if (actual === wanted) return;
  const problem = `hostPath type check failed: ${path} is not a ${EXPECTED[wanted]}`;
  throw new Error(actual === undefined ? problem : `${problem}, it's a ${actual}`);
}

function typeOf(found: Stats): keyof typeof EXPECTED | undefined {
  if (found.isDirectory()) return 'Directory';
  if (found.isFile()) return 'File';
  if (found.isSocket()) return 'Socket';
  if (found.isCharacterDevice()) return 'CharDevice';
  return found.isBlockDevice() ? 'BlockDevice' : undefined;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
