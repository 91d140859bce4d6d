/**
 * How a watch is asked for: from where, with what at the beginning, for how long. Pure.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch
 */
import { type FieldError, forbidden } from '../../reconcilers/objects/field-error.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { isFlagSet } from '../serving/query-flag.ts';
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
  const bookmarks = isFlagSet(query, 'allowWatchBookmarks');
  const streams = query.has('sendInitialEvents');
  const problems = problemsOf(streams, match);
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: 'ListOptions.meta.k8s.io', name: '', detail, problems });
  }
  const after = version === '' ? 0 : numberOf('resourceVersion', version);
  const wantsInitial = isFlagSet(query, 'sendInitialEvents');
  const timeoutMs = numberOf('timeoutSeconds', query.get('timeoutSeconds') || '0') * 1000;
  return {
    after,
    initial: streams ? wantsInitial : after === 0,
    marksInitialEnd: wantsInitial && bookmarks,
    bookmarks,
    ...(timeoutMs > 0 && { timeoutMs }),
  };
}

function problemsOf(streams: boolean, match: string): FieldError[] {
  const field = 'resourceVersionMatch';
  if (!streams)
    return match === ''
      ? []
      : [forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`)];
  return match === 'NotOlderThan'
    ? []
    : [forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')];
}
