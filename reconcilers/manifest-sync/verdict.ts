/**
 * Decides what of a source counts now: the revision that was read, the last good one, or the valid files of the read one.
 * A commit is one unit: with any problem in it the last good one stays, unless the source skips bad files. Pure; plan.ts calls it.
 */
import {
  ANNOTATION_CONFIRM_PRUNE,
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_SOURCE,
  type InventoryEntry,
  type SourceProblem,
} from '../objects/source.ts';
import { findClusterProblems } from './cluster-problems.ts';
import { parseManifest } from './declared-merge.ts';
import { entryIdentity, liveOf } from './inventory.ts';
import {
  type Declared,
  type DesiredSource,
  nameOf,
  type Observed,
  type Rejection,
  type Revision,
  shortRevision,
} from './observation.ts';
import { isSpared } from './spared.ts';

/** Fewer deletions than this are never too many. */
const ALWAYS_PRUNED = 3;

export type Outcome = 'applied' | 'refused' | 'prune-refused' | 'unreachable';

export interface Verdict {
  readonly outcome: Outcome;
  /** The revision the documents are of; '' where none is known. */
  readonly revision: string;
  /** What is to exist now. */
  readonly documents: readonly Declared[];
  /** Inventory entries that are neither declared nor may be deleted. */
  readonly keeps: (entry: InventoryEntry) => boolean;
  readonly problems: readonly SourceProblem[];
  /** Why it is not simply applied; '' where it is. */
  readonly message: string;
}

export function judge(desired: DesiredSource, observed: Observed, now: number): Verdict {
  const { reading } = observed;
  const inventory = observed.source?.status.inventory ?? [];
  const lastGood = findLastGood(desired.name, observed, now);
  const keepAll = () => true;

  const absent = !reading.reachable ? reading.message : inventory.length > 0 ? reading.doubt : undefined;
  if (!reading.reachable || absent !== undefined) {
    return { outcome: 'unreachable', ...lastGood, keeps: keepAll, problems: [], message: absent ?? '' };
  }

  const refusedByApi = standing(observed.rejections, reading.revision, now);
  const problems = [
    ...reading.problems,
    ...findClusterProblems(desired.name, reading.documents, observed),
    ...refusedByApi.map(({ problem }) => problem),
  ];
  if (problems.length > 0 && desired.onInvalid === 'refuse') {
    const message = `${countOf(problems.length, 'problem')}, first: ${describe(problems[0])}`;
    return { outcome: 'refused', ...lastGood, problems, message };
  }

  const wanted = validPart(reading, problems);
  const declared = new Set(wanted.documents.map(nameOf));
  const pruned = inventory.filter(
    (entry) =>
      !declared.has(nameOf(entryIdentity(entry))) &&
      !wanted.keeps(entry) &&
      liveOf(observed, entryIdentity(entry)) &&
      !isSpared(desired.name, entryIdentity(entry), observed),
  );
  if (
    pruned.length > ALWAYS_PRUNED &&
    pruned.length > desired.pruneLimit * inventory.length &&
    !isConfirmed(observed)
  ) {
    const message = pruneMessage(desired, reading.revision, pruned, inventory.length);
    return { outcome: 'prune-refused', ...lastGood, keeps: keepAll, problems, message };
  }
  const skipped =
    problems.length === 0
      ? ''
      : `${countOf(problems.length, 'problem')}, their files are skipped, first: ${describe(problems[0])}`;
  return { outcome: 'applied', ...wanted, problems, message: skipped };
}

type Wanted = Pick<Verdict, 'revision' | 'documents' | 'keeps'>;

/** The revision, or what of it is in good files. */
function validPart(revision: Revision, problems: readonly SourceProblem[]): Wanted {
  if (problems.length > 0) return withoutBadFiles(revision, problems);
  return { revision: revision.revision, documents: revision.documents, keeps: () => false };
}

/**
 * What the bad files declared before stays as it is. What a vanished file declared stays too: it may have moved into a file that
 * cannot be read now.
 */
function withoutBadFiles(
  { revision, documents, rejected, files }: Revision,
  problems: readonly SourceProblem[],
): Wanted {
  const isBad = (file: string) =>
    problems.some((problem) => file === problem.file || file.startsWith(`${problem.file}/`));
  const named = new Set([...rejected, ...documents.filter(({ file }) => isBad(file))].map(nameOf));
  const good = new Set(files.filter((file) => !isBad(file)));
  return {
    revision,
    documents: documents.filter(({ file }) => !isBad(file)),
    keeps: (entry) => named.has(nameOf(entryIdentity(entry))) || !good.has(entry.file),
  };
}

/**
 * What to defend while the source is broken. What a half applied commit has made meanwhile goes again; where the last good revision
 * is not known, nothing does. What the API refuses of it, in the world as it is now, is not tried over and over.
 */
function findLastGood(source: string, observed: Observed, now: number): Wanted {
  const { lastGood, rejections } = observed;
  const wanted = lastGood === undefined ? declaredByLive(source, observed) : validPart(lastGood, lastGood.problems);
  const refused = new Set(standing(rejections, wanted.revision, now).map(nameOf));
  return { ...wanted, documents: wanted.documents.filter((document) => !refused.has(nameOf(document))) };
}

/** Those that are not due to be tried again. */
function standing(rejections: readonly Rejection[], of: string, now: number): Rejection[] {
  return rejections.filter(({ revision, retryAt }) => revision === of && retryAt > now);
}

/** Where the last good revision itself is lost: what still is there of it, as it was applied. */
function declaredByLive(source: string, observed: Observed): Wanted {
  const documents = (observed.source?.status.inventory ?? []).flatMap((entry): Declared[] => {
    const identity = entryIdentity(entry);
    const annotations = liveOf(observed, identity)?.metadata.annotations ?? {};
    const applied = annotations[ANNOTATION_LAST_APPLIED];
    if (annotations[ANNOTATION_SOURCE] !== source || applied === undefined) return [];
    const manifest = parseManifest(applied);
    return manifest === undefined ? [] : [{ ...identity, manifest, file: entry.file, line: entry.line }];
  });
  return { revision: observed.source?.status.appliedRevision ?? '', documents, keeps: () => true };
}

function isConfirmed({ source, reading }: Observed): boolean {
  const confirmed = source?.metadata.annotations?.[ANNOTATION_CONFIRM_PRUNE] ?? '';
  return confirmed.length >= 7 && reading.reachable && reading.revision.startsWith(confirmed);
}

function pruneMessage(desired: DesiredSource, revision: string, pruned: readonly InventoryEntry[], of: number): string {
  const names = pruned.slice(0, 5).map((entry) => nameOf(entryIdentity(entry)));
  const more = pruned.length > names.length ? ` and ${pruned.length - names.length} more` : '';
  const share = `${Math.round(desired.pruneLimit * 100)} %`;
  return (
    `${shortRevision(revision)} would delete ${pruned.length} of ${of} objects, more than ${share}: ${names.join(', ')}${more}; ` +
    `to let it, set the annotation ${ANNOTATION_CONFIRM_PRUNE}=${revision} on Source ${desired.name}`
  );
}

export function describe(problem: SourceProblem | undefined): string {
  if (problem === undefined) return '';
  return `${problem.file}${problem.line === undefined ? '' : `:${problem.line}`} ${problem.message}`;
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
