/** What a folder takes of the disk, as du counts it: blocks, each file once. Called by folder-volume-files.ts; follows no links. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './atomic-folder.ts';

const BLOCK_BYTES = 512;

/** What goes while it looks counts for nothing. */
export async function diskUsage(path: string): Promise<number> {
  const linked = new Set<number>();
  const folders = [path];
  let bytes = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const { name } of await entriesOf(folder)) {
      const found = await lstat(join(folder, name)).catch(unlessMissing);
      if (found === undefined || linked.has(found.ino)) continue;
      if (found.nlink > 1 && !found.isDirectory()) linked.add(found.ino);
      bytes += found.blocks * BLOCK_BYTES;
      if (found.isDirectory()) folders.push(join(folder, name));
    }
  }
  return bytes;
}

async function entriesOf(folder: string): Promise<AsyncIterable<{ readonly name: string }> | readonly never[]> {
  return (await opendir(folder).catch(unlessMissing)) ?? [];
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
