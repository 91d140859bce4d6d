/**
 * The status of a Source after a look at it: conditions, what is wrong, the history of applied and refused revisions. Pure;
 * equal findings give an equal status, so that nothing is written when nothing is new. plan.ts calls it.
 */
import { type Condition, toTimestamp } from '../objects/meta.ts';
import type { Source, SourceProblem, SyncRecord } from '../objects/source.ts';
import type { ObjectChanges } from './object-changes.ts';
import { type Observed, shortRevision } from './observation.ts';
import { describe, type Verdict } from './verdict.ts';

const MOST_HISTORY = 50;
const MOST_PROBLEMS = 50;
const MOST_TEXT = 500;

type Status = Source['status'];

export function nextStatus(
  verdict: Verdict,
  changes: ObjectChanges,
  observed: Observed,
  now: number,
): Omit<Status, 'inventory'> {
  const before = observed.source?.status;
  const { appliedRevision, appliedAt, seenRevision } = before ?? {};
  const seen =
    verdict.outcome === 'unreachable' || !observed.reading.reachable ? seenRevision : observed.reading.revision;
  const isApplied = verdict.outcome === 'applied' && changes.waitsFor.length === 0;
  const isNew = isApplied && appliedRevision !== seen;
  const applied = isApplied
    ? { appliedRevision: verdict.revision, appliedAt: isNew || appliedAt === undefined ? toTimestamp(now) : appliedAt }
    : { ...(appliedRevision !== undefined && { appliedRevision }), ...(appliedAt !== undefined && { appliedAt }) };
  // While it is unreachable, what is known of it is what was known before.
  const problems =
    verdict.outcome === 'unreachable'
      ? { problems: before?.problems, problemCount: before?.problemCount }
      : listed(verdict.problems);
  return {
    ...applied,
    ...(seen !== undefined && { seenRevision: seen }),
    conditions: conditions(verdict, changes, observed, now),
    ...(problems.problems !== undefined && { problems: problems.problems }),
    ...(problems.problemCount !== undefined && { problemCount: problems.problemCount }),
    history: history(verdict, changes, observed, isNew, now),
  };
}

function listed(problems: readonly SourceProblem[]): { problems?: SourceProblem[]; problemCount?: number } {
  if (problems.length === 0) return {};
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => ({ ...problem, message: cut(problem.message) }));
  return { problems: shown, problemCount: problems.length };
}

function conditions(verdict: Verdict, { waitsFor }: ObjectChanges, observed: Observed, now: number): Condition[] {
  const before = observed.source?.status.conditions ?? [];
  const { outcome, problems } = verdict;
  const message = cut(verdict.message);
  const make = (type: string, holds: boolean, reason: string, text: string): Condition => {
    const status = holds ? 'True' : 'False';
    const same = before.find((condition) => condition.type === type && condition.status === status);
    return { type, status, reason, message: text, lastTransitionTime: same?.lastTransitionTime ?? toTimestamp(now) };
  };
  const kept = (condition: Condition): Condition =>
    outcome === 'unreachable' ? (before.find(({ type }) => type === condition.type) ?? condition) : condition;

  const ready = {
    applied: () => {
      if (waitsFor.length > 0)
        return make('Ready', false, 'Progressing', `waiting for ${waitsFor.join(', ')} to be gone`);
      if (problems.length > 0) return make('Ready', false, 'FilesSkipped', message);
      return make('Ready', true, 'Applied', `${shortRevision(verdict.revision)} is applied`);
    },
    refused: () => make('Ready', false, 'Refused', message),
    'prune-refused': () => make('Ready', false, 'PruneRefused', message),
    unreachable: () => make('Ready', false, 'Unreachable', message),
  }[outcome]();
  const reason = outcome === 'refused' ? 'Invalid' : 'FilesSkipped';
  return [
    ready,
    outcome === 'unreachable' ? make('Reachable', false, 'Unreachable', message) : make('Reachable', true, 'Read', ''),
    kept(problems.length > 0 ? make('Valid', false, reason, message) : make('Valid', true, 'Valid', '')),
    kept(
      outcome === 'prune-refused'
        ? make('PruneConfirmed', false, 'PruneLimit', message)
        : make('PruneConfirmed', true, 'WithinLimit', ''),
    ),
  ];
}

function history(
  verdict: Verdict,
  changes: ObjectChanges,
  observed: Observed,
  isNew: boolean,
  now: number,
): SyncRecord[] {
  const before = observed.source?.status.history ?? [];
  const { reading } = observed;
  if (!reading.reachable || verdict.outcome === 'unreachable') return before;
  const count = (kind: string) => changes.actions.filter((action) => action.kind === kind).length;
  const record = (
    outcome: SyncRecord['outcome'],
    message: string,
    [created, changed, pruned]: [number, number, number],
  ) => {
    const { revision } = reading;
    return [
      { revision, at: toTimestamp(now), outcome, message: cut(message), created, changed, pruned },
      ...before,
    ].slice(0, MOST_HISTORY);
  };
  const [newest] = before;
  if (verdict.outcome === 'applied') {
    if (!isNew) return before;
    const message = verdict.message === '' ? reading.subject : verdict.message;
    const { created = 0, changed = 0, pruned = 0 } = observed.done ?? {};
    return record('Applied', message, [
      created + count('create-object'),
      changed + count('patch-object'),
      pruned + count('delete-object'),
    ]);
  }
  const outcome = verdict.outcome === 'refused' ? 'Refused' : 'PruneRefused';
  if (newest?.revision === reading.revision && newest.outcome === outcome) return before;
  return record(outcome, verdict.message, [0, 0, 0]);
}

/** All problems on a line each, for events and the log; at most `most` of them. */
export function problemLines(status: Status, most: number): string[] {
  const problems = status.problems ?? [];
  const shown = problems.slice(0, most).map(describe);
  const more = (status.problemCount ?? 0) - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function cut(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT - 1)}…` : line;
}
