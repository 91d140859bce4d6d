/**
 * Reads all manifest files of a source as one unit: what each file says, whether two of them declare the same object, and the
 * order in which to apply. Called by manifest-sync for a commit and by `sampan validate` for the paths it is given.
 */
import { ALL_KINDS, type Kind } from './kinds.ts';
import { type ManifestDocument, type ManifestFile, parseManifestFile, type RejectedDocument } from './manifest-file.ts';
import type { Problem } from './manifest-problem.ts';
import { formatKey } from './meta.ts';

/** Namespaces before what lies in them, Services before the pods that look for them in their environment. */
const APPLY_ORDER: readonly Kind[] = ALL_KINDS.map(({ kind }) => kind);

export interface ManifestFileBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * `documents` come in the order to apply them. Of two that declare the same object the first, by path, stays; the other is
 * rejected with a problem that names both places.
 */
export function parseManifestSet(files: readonly ManifestFileBytes[]): ManifestFile {
  const documents: ManifestDocument[] = [];
  const rejected: RejectedDocument[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, RejectedDocument>();
  const byPath = [...files].sort((a, b) => compareText(a.path, b.path));
  for (const { path, bytes } of byPath) {
    const file = parseManifestFile(path, bytes);
    problems.push(...file.problems);
    rejected.push(...file.rejected);
    for (const place of [...file.documents, ...file.rejected].sort((a, b) => a.line - b.line)) {
      const { info, key } = place;
      const identity = `${info.kind} ${formatKey(key)}`;
      const first = seen.get(identity);
      if (first !== undefined) {
        const message = `${info.kind} "${formatKey(key)}" is already declared at ${first.file}:${first.line}`;
        problems.push({ file: path, line: place.line, message });
      } else {
        seen.set(identity, place);
      }
      if ('declared' in place) {
        if (first === undefined) documents.push(place as ManifestDocument);
        else rejected.push(place);
      }
    }
  }
  documents.sort((a, b) => APPLY_ORDER.indexOf(a.info.kind) - APPLY_ORDER.indexOf(b.info.kind));
  problems.sort((a, b) => compareText(a.file, b.file) || a.line - b.line);
  return { documents, rejected, problems };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
