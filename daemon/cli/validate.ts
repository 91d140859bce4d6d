/**
 * `sampan validate PATH...`: checks manifests without a daemon, for a pre-commit hook or a pull request. Prints every problem
 * with its file and line and a line that sums up; never changes anything.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkManifestSize } from '../../reconcilers/objects/manifest-file.ts';
import { formatProblem, type Problem } from '../../reconcilers/objects/manifest-problem.ts';
import { type ManifestFileBytes, parseManifestSet } from '../../reconcilers/objects/manifest-set.ts';
import { messageOf } from '../../reconcilers/ports/errors.ts';
import { isManifestPath } from '../../reconcilers/ports/manifest-source.ts';

/**
 * Checks files, and all manifests below folders, as one set: two of them must not declare the same object.
 * Answers the exit code: 0 all well, 1 problems, 2 a path does not exist or cannot be read.
 */
export async function validatePaths(paths: readonly string[], out: { write(text: string): unknown }): Promise<number> {
  const files: ManifestFileBytes[] = [];
  const problems: Problem[] = [];
  const unreadable: string[] = [];
  for (const path of new Set(paths.flatMap((given) => manifestsAt(given, unreadable)))) {
    try {
      const tooLarge = checkManifestSize(path, statSync(path).size);
      if (tooLarge === undefined) files.push({ path, bytes: readFileSync(path) });
      else problems.push(tooLarge);
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  const set = parseManifestSet(files);
  problems.push(...set.problems);

  for (const message of unreadable) out.write(`${message}\n`);
  for (const problem of problems) out.write(`${formatProblem(problem)}\n`);
  const checked = `${count(files.length, 'file')}, ${count(set.documents.length + set.rejected.length, 'object')}`;
  out.write(`${checked}: ${problems.length === 0 ? 'no problems' : count(problems.length, 'problem')}\n`);
  return unreadable.length > 0 ? 2 : problems.length > 0 ? 1 : 0;
}

/** The file itself, whatever its name; of a folder, the manifests in and below it. */
function manifestsAt(path: string, unreadable: string[]): string[] {
  try {
    return statSync(path).isDirectory() ? manifestsBelow(path, new Set(), unreadable) : [path];
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    unreadable.push(missing ? `${path}: no such file or folder` : messageOf(error));
    return [];
  }
}

/** `seen` holds real paths, since links may lead round in circles. */
function manifestsBelow(folder: string, seen: Set<string>, unreadable: string[]): string[] {
  const real = realpathSync(folder);
  if (seen.has(real)) return [];
  seen.add(real);
  const found: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    try {
      if (name.startsWith('.')) continue;
      if (statSync(path).isDirectory()) found.push(...manifestsBelow(path, seen, unreadable));
      else if (isManifestPath(name)) found.push(path);
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  return found;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
