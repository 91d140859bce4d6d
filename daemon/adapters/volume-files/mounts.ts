/**
 * Mounts on this machine: a file system in memory for one volume, and taking away whatever is mounted below a folder before the folder
 * goes. Only root can; the adapter of volumes is the one caller. Uses the system's mount(8) and umount(8).
 */
import { execFile } from 'node:child_process';
import { readFile, realpath, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isMissing } from './atomic-folder.ts';

const run = promisify(execFile);
/** Of a line of mountinfo(5). */
const MOUNT_POINT = 4;

/** `sizeBytes` undefined: half of the machine's memory, the kernel's default. */
export async function mountMemory(folder: string, sizeBytes: number | undefined): Promise<void> {
  if (await isMountPoint(folder)) return;
  const options = ['mode=0755', ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`])];
  await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'sampan', folder]);
}

/** Removes the folder; what is mounted somewhere in it is unmounted first, and not removed with it. */
export async function removeFolder(folder: string): Promise<void> {
  for (const mount of await mountsBelow(folder)) await run('umount', ['-l', mount]);
  await rm(folder, { recursive: true, force: true });
}

async function isMountPoint(folder: string): Promise<boolean> {
  return (await stat(folder)).dev !== (await stat(dirname(folder))).dev;
}

/** The innermost first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const path = await unlessMissing(realpath(folder));
  const table = path === undefined ? undefined : await unlessMissing(readFile('/proc/self/mountinfo', 'utf8'));
  return (table ?? '')
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[MOUNT_POINT] ?? ''))
    .filter((mount) => mount.startsWith(`${path}/`))
    .reverse();
}

/** A machine without a table of mounts cannot mount either. */
async function unlessMissing(reading: Promise<string>): Promise<string | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Blanks and the like are written as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
