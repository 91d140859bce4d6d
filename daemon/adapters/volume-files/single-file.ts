/**
 * A file that containers have mounted by itself: whoever mounted it sees the file that was there then, so its content is changed, never
 * the file. folder-volume-files.ts writes pods' hosts files and the like through here, before those who read them start.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { isMissing } from './atomic-folder.ts';

/** Containers of every user read it. */
const MODE = 0o644;

/** Writes nothing where the file holds the text. */
export async function writeInPlace(path: string, text: string): Promise<void> {
  if ((await textOf(path)) === text) return;
  await writeFile(path, text, { mode: MODE });
  await chmod(path, MODE); // past the process's umask
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
