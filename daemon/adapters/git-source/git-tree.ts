/**
 * Reads the manifests of one commit out of git's object database: never a work tree, so a half checked-out one cannot be seen.
 * The git source calls it, for local repos and mirrors alike. What this build cannot honour is named, not half done.
 */
import { posix } from 'node:path';
import { MAX_MANIFEST_BYTES } from '../../../reconcilers/objects/manifest-file.ts';
import type { SourceProblem } from '../../../reconcilers/objects/source.ts';
import { isManifestPath, type SourceFile } from '../../../reconcilers/ports/manifest-source.ts';
import { type Git, GitFailed } from './git-command.ts';

const LFS_POINTER = Buffer.from('version https://git-lfs.github.com/spec/');

export interface GitTree {
  readonly files: readonly SourceFile[];
  readonly problems: readonly SourceProblem[];
}

interface TreeEntry {
  readonly mode: string;
  readonly object: string;
  readonly size: number;
  /** From the repo's root. */
  readonly path: string;
}

/** What lies below `folder` ('' for all) in `commit`. Throws GitFailed where the repo cannot be read. */
export async function readTree(git: Git, commit: string, folder: string, signal: AbortSignal): Promise<GitTree> {
  const entries = await listEntries(git, commit, folder, signal);
  if (entries === undefined) {
    const message = `there is no such folder in commit ${commit.slice(0, 12)}; if all of it should go, leave a file in it that is no manifest`;
    return { files: [], problems: [{ file: folder, message }] };
  }
  const problems: SourceProblem[] = [];
  const wanted: TreeEntry[] = [];
  for (const entry of entries) {
    const { mode, size, path } = entry;
    const within = folder === '' ? path : path.slice(folder.length + 1);
    const hidden = within.split('/').some((name) => name.startsWith('.'));
    if (mode === '160000' && !hidden)
      problems.push({ file: path, message: 'is a submodule: not supported, its manifests are not read' });
    if (mode === '160000' || hidden) continue;
    if (mode !== '120000' && !isManifestPath(within)) continue;
    if (size > MAX_MANIFEST_BYTES) {
      problems.push({ file: path, message: `is ${size} bytes large: at most ${MAX_MANIFEST_BYTES} are read` });
    } else if (mode === '120000' && path.includes('\n')) {
      problems.push({ file: path, message: 'is a link with a line break in its name: not supported' });
    } else {
      wanted.push(entry);
    }
  }

  const files: SourceFile[] = [];
  const contents = await readObjects(git, commit, wanted, signal);
  for (const [i, entry] of wanted.entries()) {
    const content = contents[i];
    const isManifest = isManifestPath(folder === '' ? entry.path : entry.path.slice(folder.length + 1));
    if (content?.kind === 'tree') {
      problems.push({ file: entry.path, message: 'is a link to a folder: not followed in a git source' });
    } else if (!isManifest) {
      // a link of another name to a file: not a manifest
    } else if (content?.kind !== 'blob') {
      problems.push({
        file: entry.path,
        message: `is a link that cannot be followed within the repo (${content?.kind ?? 'missing'})`,
      });
    } else if (content.bytes.subarray(0, LFS_POINTER.length).equals(LFS_POINTER)) {
      problems.push({ file: entry.path, message: 'is a Git LFS pointer: not supported, commit the file itself' });
    } else {
      files.push({ path: entry.path, bytes: content.bytes });
    }
  }
  return { files, problems };
}

/** Undefined where the commit has no such folder. */
async function listEntries(
  git: Git,
  commit: string,
  folder: string,
  signal: AbortSignal,
): Promise<TreeEntry[] | undefined> {
  const tree = folder === '' ? commit : `${commit}:${folder}`;
  let listed: string;
  try {
    listed = await git.text(['ls-tree', '-r', '-z', '-l', '--full-tree', tree], signal);
  } catch (error) {
    if (folder === '' || !(error instanceof GitFailed)) throw error;
    const [answer] = parseBatch(await git.catFile(['--batch-check'], `${tree}\n`, signal), false);
    if (answer?.kind === 'missing' || answer?.kind === 'blob') return undefined;
    throw error;
  }
  return listed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , object = '', size = ''] = line.slice(0, tab).split(/ +/);
      const path = posix.join(folder, line.slice(tab + 1));
      return { mode, object, size: Number(size) || 0, path };
    });
}

interface ObjectAnswer {
  /** Git's type, or why there is none: missing, dangling, loop, symlink (out of the repo), notdir. */
  readonly kind: string;
  readonly bytes: Buffer;
}

/** One answer per entry; links are followed as far as they stay within the commit. */
async function readObjects(
  git: Git,
  commit: string,
  entries: readonly TreeEntry[],
  signal: AbortSignal,
): Promise<ObjectAnswer[]> {
  if (entries.length === 0) return [];
  const asked = entries.map(({ mode, object, path }) => (mode === '120000' ? `${commit}:${path}` : object));
  const output = await git.catFile(['--batch', '--follow-symlinks'], `${asked.join('\n')}\n`, signal);
  const answers = parseBatch(output, true);
  const lost = answers.findIndex((answer, i) => answer.kind === 'missing' && entries[i]?.mode !== '120000');
  if (lost >= 0 || answers.length !== entries.length) {
    throw new GitFailed(`the repo is damaged: ${entries[Math.max(0, lost)]?.path} cannot be read`);
  }
  return answers;
}

/** `<object> <type> <size>\n<content>\n` or `<why> <size>\n<text>\n` or `<asked> missing\n`, of git cat-file --batch. */
function parseBatch(output: Buffer, withContent: boolean): ObjectAnswer[] {
  const answers: ObjectAnswer[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf('\n', at);
    const words = output.subarray(at, end).toString().split(' ');
    at = end + 1;
    const last = words.at(-1) ?? '';
    if (last === 'missing') {
      answers.push({ kind: 'missing', bytes: Buffer.alloc(0) });
      continue;
    }
    const isObject = words.length === 3;
    const size = isObject && !withContent ? -1 : Number(last);
    const bytes = output.subarray(at, at + Math.max(0, size));
    answers.push({ kind: (isObject ? words[1] : words[0]) ?? '', bytes });
    at += size + 1;
  }
  return answers;
}
