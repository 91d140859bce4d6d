/**
 * Reads a folder tree once: which manifests are there, their content, what cannot be read. The folder source calls it; it never
 * watches, and never takes an absent folder for an empty one.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_MANIFEST_BYTES } from '../../../reconcilers/objects/manifest-file.ts';
import type { SourceProblem } from '../../../reconcilers/objects/source.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isManifestPath, type SourceFile } from '../../../reconcilers/ports/manifest-source.ts';

/** Deeper than this is a loop, or not a folder of manifests. */
const MAX_DEPTH = 32;

export interface ListedFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** `dev:ino`, of the file itself where the path is a link. */
  readonly identity: string;
}

export interface Listing {
  /** `dev:ino` of the root. */
  readonly rootIdentity: string;
  /** Whether the root holds no entry at all, of any name. */
  readonly rootIsEmpty: boolean;
  readonly files: readonly ListedFile[];
  readonly problems: readonly SourceProblem[];
}

/** `dev:ino` of what `path` leads to; undefined where there is nothing. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    return identity(await stat(path));
  } catch {
    return undefined;
  }
}

/**
 * All manifests below `root`, sorted by path, links followed. SourceUnreachable where the root cannot be listed.
 */
export async function listManifests(root: string): Promise<Listing> {
  const files: ListedFile[] = [];
  const problems: SourceProblem[] = [];

  const enter = async (folder: string, path: string, above: readonly string[]): Promise<number> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const relative = path === '' ? entry.name : `${path}/${entry.name}`;
      // A hidden folder holds nothing of ours: `.git`, and `..data`, which a ConfigMap volume's links lead through.
      if (
        entry.name.startsWith('.') ||
        (!isManifestPath(relative) && !entry.isDirectory() && !entry.isSymbolicLink())
      ) {
        continue;
      }
      try {
        const stats = await stat(join(root, relative));
        if (stats.isDirectory()) {
          if (above.includes(identity(stats))) continue; // a link to a folder that it is in
          if (above.length >= MAX_DEPTH)
            problems.push({ file: relative, message: `more than ${MAX_DEPTH} folders deep` });
          else await enter(relative, relative, [...above, identity(stats)]);
        } else if (stats.isFile() && isManifestPath(relative)) {
          const { size, mtimeMs } = stats;
          files.push({ path: relative, size, modifiedMs: mtimeMs, identity: identity(stats) });
        }
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ENOENT' && entry.isSymbolicLink()) {
          if (isManifestPath(relative)) problems.push({ file: relative, message: 'the link leads nowhere' });
        } else if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP') {
          problems.push({ file: relative, message: `cannot be read: ${reasonOf(error)}` });
        } else if (code !== 'ENOENT') {
          throw error;
        }
      }
    }
    return entries.length;
  };

  try {
    const rootStats = await stat(root);
    const entries = await enter('', '', [identity(rootStats)]);
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { rootIdentity: identity(rootStats), rootIsEmpty: entries === 0, files, problems };
  } catch (error) {
    throw new SampanError('SourceUnreachable', { source: root, detail: reasonOf(error) }, error);
  }
}

/** The content of the listed files. A file that vanished meanwhile is left out: whoever removed it causes another look. */
export async function readManifests(
  root: string,
  listing: Listing,
): Promise<{ files: SourceFile[]; problems: SourceProblem[] }> {
  const files: SourceFile[] = [];
  const problems = [...listing.problems];
  for (const { path, size } of listing.files) {
    if (size > MAX_MANIFEST_BYTES) {
      problems.push({ file: path, message: `is ${size} bytes large: at most ${MAX_MANIFEST_BYTES} are read` });
      continue;
    }
    try {
      files.push({ path, bytes: await readFile(join(root, path)) });
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EACCES' || code === 'EPERM')
        problems.push({ file: path, message: `cannot be read: ${reasonOf(error)}` });
      else if (code !== 'ENOENT') {
        throw new SampanError('SourceUnreachable', { source: root, detail: `${path}: ${reasonOf(error)}` }, error);
      }
    }
  }
  return { files, problems };
}

/** `sha256:...` over paths, contents and problems. */
export function contentHash(files: readonly SourceFile[], problems: readonly SourceProblem[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  for (const { file, message } of problems) hash.update(`\0problem\0${file}\0${message}\0`);
  return `sha256:${hash.digest('hex')}`;
}

function identity(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** An errno in words, without the path, which the message names already. */
function reasonOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'the folder does not exist',
    ENOTDIR: 'it is not a folder',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    ELOOP: 'its links go round in circles',
    EIO: 'input/output error',
    ESTALE: 'the file system it is on went away',
    ENOTCONN: 'the file system it is on is not connected',
  };
  return known[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
