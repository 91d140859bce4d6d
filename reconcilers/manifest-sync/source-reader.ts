/**
 * Keeps what was last read of each source, parsed: a source is read again only when it says that it changed. Everything in here can
 * be read again after a restart; of what can not, the last good revision, the archive keeps a copy. Only observe.ts, execute.ts and
 * index.ts of this loop use it.
 */
import { formatProblem, type Problem } from '../objects/manifest-problem.ts';
import { parseManifestSet } from '../objects/manifest-set.ts';
import type { SourceProblem } from '../objects/source.ts';
import type { Clock } from '../ports/clock.ts';
import { isAbort, messageOf } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ManifestSource, SnapshotArchive, SourceSnapshot } from '../ports/manifest-source.ts';
import { type Done, nameOf, type Reading, type Rejection, type Revision } from './observation.ts';

interface Parsed {
  readonly snapshot: SourceSnapshot;
  readonly revision: Revision;
}

interface Kept {
  readonly source: ManifestSource;
  /** Counts the source's changes; `readAt` is the count that the reading is as of. */
  changes: number;
  readAt: number;
  reading: Reading | undefined;
  current: Parsed | undefined;
  lastGood: Parsed | undefined;
  archiveAsked: boolean;
  rejections: readonly Rejection[];
  done: (Done & { readonly revision: string }) | undefined;
}

/** What the API refuses is tried again after so long: 5 s, then twice as long each time. */
const RETRY_MS = { first: 5_000, most: 5 * 60_000 };
const NOTHING_DONE: Done = { created: 0, changed: 0, pruned: 0 };

export interface SourceReaderDeps {
  readonly archive: SnapshotArchive;
  readonly clock: Clock;
  readonly log: Log;
}

export class SourceReader {
  readonly #deps: SourceReaderDeps;
  readonly #sources: ReadonlyMap<string, Kept>;

  constructor(sources: readonly ManifestSource[], deps: SourceReaderDeps) {
    this.#deps = deps;
    const fresh = { changes: 1, readAt: 0, reading: undefined, current: undefined, lastGood: undefined };
    this.#sources = new Map(
      sources.map((source) => [
        source.name,
        { source, ...fresh, archiveAsked: false, rejections: [], done: undefined },
      ]),
    );
  }

  /** The source said that it changed: the next {@link read} reads it again. */
  changed(name: string): void {
    this.#kept(name).changes += 1;
  }

  async read(name: string, signal: AbortSignal): Promise<Reading> {
    const kept = this.#kept(name);
    if (kept.reading !== undefined && kept.readAt === kept.changes) return kept.reading;
    const asOf = kept.changes;
    try {
      const snapshot = await kept.source.snapshot(signal);
      if (snapshot !== kept.current?.snapshot) {
        const isOther = snapshot.revision !== kept.current?.revision.revision;
        kept.current = { snapshot, revision: parse(snapshot) };
        if (isOther) kept.rejections = [];
      }
      kept.reading = { reachable: true, ...kept.current.revision };
    } catch (error) {
      if (isAbort(error)) throw error;
      kept.reading = { reachable: false, message: messageOf(error) };
    }
    kept.readAt = asOf;
    return kept.reading;
  }

  /** The revision that was applied last, from memory or the archive; undefined where neither has it. */
  async lastGood(name: string, applied: string | undefined): Promise<Revision | undefined> {
    const kept = this.#kept(name);
    if (applied === undefined) return undefined;
    for (const parsed of [kept.lastGood, kept.current]) {
      if (parsed?.revision.revision === applied) return parsed.revision;
    }
    if (!kept.archiveAsked) {
      kept.archiveAsked = true;
      const snapshot = await this.#deps.archive.load(name);
      if (snapshot !== undefined) kept.lastGood = { snapshot, revision: parse(snapshot) };
    }
    return kept.lastGood?.revision.revision === applied ? kept.lastGood.revision : undefined;
  }

  /** The current revision is applied: from now on it is the last good one. */
  async keep(name: string, applied: string): Promise<void> {
    const kept = this.#kept(name);
    if (kept.done?.revision === applied) kept.done = undefined;
    kept.rejections = kept.rejections.filter(
      ({ revision, retryAt }) => revision !== applied || retryAt > this.#deps.clock.now(),
    );
    if (kept.current?.revision.revision !== applied || kept.lastGood?.revision.revision === applied) return;
    kept.lastGood = kept.current;
    try {
      await this.#deps.archive.save(name, kept.current.snapshot);
    } catch (error) {
      // Only a restart while the source is broken would miss it.
      this.#deps.log.error('the applied revision could not be kept', { source: name, error: messageOf(error) });
    }
  }

  /** Takes note of a refusal; answers whether it is the first of its kind. */
  reject(name: string, refused: Omit<Rejection, 'retryAt' | 'count'>): boolean {
    const kept = this.#kept(name);
    const isSame = (other: Rejection) => other.revision === refused.revision && nameOf(other) === nameOf(refused);
    const before = kept.rejections.find(isSame);
    const count = (before?.count ?? 0) + 1;
    const retryAt = this.#deps.clock.now() + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (count - 1));
    kept.rejections = [...kept.rejections.filter((other) => !isSame(other)), { ...refused, retryAt, count }];
    return before?.problem.message !== refused.problem.message;
  }

  rejections(name: string): readonly Rejection[] {
    return this.#kept(name).rejections;
  }

  /** One more object is as the revision wants it. What is done for another revision begins anew: it takes the former back. */
  did(name: string, revision: string, what: keyof Done): void {
    const kept = this.#kept(name);
    const before = kept.done?.revision === revision ? kept.done : { ...NOTHING_DONE, revision };
    kept.done = { ...before, [what]: before[what] + 1 };
  }

  /** For the revision, since it was last applied. */
  done(name: string, revision: string): Done | undefined {
    const { done } = this.#kept(name);
    return done?.revision === revision
      ? { created: done.created, changed: done.changed, pruned: done.pruned }
      : undefined;
  }

  #kept(name: string): Kept {
    const kept = this.#sources.get(name);
    if (kept === undefined) throw new Error(`no source ${name} is configured`);
    return kept;
  }
}

function parse(snapshot: SourceSnapshot): Revision {
  const { revision, subject, files, doubt } = snapshot;
  const { documents, rejected, problems } = parseManifestSet(files);
  return {
    revision,
    subject,
    documents: documents.map(({ info, key, declared, file, line }) => ({
      kind: info.kind,
      key,
      manifest: declared,
      file,
      line,
    })),
    rejected: rejected.map(({ info, key }) => ({ kind: info.kind, key })),
    problems: [...snapshot.problems, ...problems.map(toSourceProblem)],
    files: files.map(({ path }) => path),
    ...(doubt !== undefined && { doubt }),
  };
}

function toSourceProblem(problem: Problem): SourceProblem {
  const { file, line } = problem;
  return { file, line, message: formatProblem(problem).slice(`${file}:${line} `.length) };
}
