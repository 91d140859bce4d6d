/**
 * How a watch is asked for: from where, with what at the beginning, for how long. Pure.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch
 */
import { type FieldError, forbidden } from '../../reconcilers/objects/field-error.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { numberOf } from './list-options.ts';

export interface WatchOptions {
  /** 0: from now on. */
  readonly after: number;
  /** What there is comes first, as ADDED. */
  readonly initial: boolean;
  /** A bookmark says where what there is ends. */
  readonly marksInitialEnd: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs?: number;
}

export function watchOptionsOf(query: URLSearchParams): WatchOptions {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const bookmarks = flag(query, 'allowWatchBookmarks');
  const streams = query.has('sendInitialEvents');
  const problems = problemsOf(streams, match, bookmarks);
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: 'ListOptions', name: '', detail, problems });
  }
  const after = version === '' ? 0 : numberOf('resourceVersion', version);
  const wantsInitial = flag(query, 'sendInitialEvents');
  const seconds = query.get('timeoutSeconds');
  return {
    after,
    initial: streams ? wantsInitial : after === 0,
    marksInitialEnd: wantsInitial && bookmarks,
    bookmarks,
    ...(seconds !== null && seconds !== '' && { timeoutMs: numberOf('timeoutSeconds', seconds) * 1000 }),
  };
}

function problemsOf(streams: boolean, match: string, bookmarks: boolean): FieldError[] {
  const field = 'resourceVersionMatch';
  if (!streams)
    return match === ''
      ? []
      : [forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`)];
  const errors: FieldError[] = [];
  if (match !== 'NotOlderThan') {
    errors.push(forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (!bookmarks) errors.push(forbidden('allowWatchBookmarks', 'sendInitialEvents requires allowWatchBookmarks'));
  return errors;
}

function flag(query: URLSearchParams, name: string): boolean {
  return ['true', '1'].includes(query.get(name) ?? '');
}
