/**
 * How a list is asked for: limit, continue, resourceVersion and what it means. Pure.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
 */
import { type FieldError, forbidden, unsupported } from '../../reconcilers/objects/field-error.ts';
import type { ObjectKey } from '../../reconcilers/objects/meta.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';

/** Where a page of a list ended. */
export interface Place {
  /** As of which the list is; -1: as of now, whatever that was. */
  readonly revision: number;
  readonly after: ObjectKey;
  /** How many objects follow, where that was counted. */
  readonly remaining?: number | undefined;
}

export interface ListOptions {
  /** 0: all. */
  readonly limit: number;
  /** Where an earlier page ended. */
  readonly continues?: Place;
  /** Not older than this; `newest`: as new as what anybody was answered. */
  readonly notOlderThan: number | 'newest';
  /** As of just then. */
  readonly exactly?: number;
}

/** BadRequest and Invalid as Kubernetes words them. */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const token = query.get('continue') ?? '';
  const limit = numberOf('limit', query.get('limit') ?? '0');
  const problems = problemsOf(match, version, token);
  if (query.has('sendInitialEvents')) {
    problems.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: 'ListOptions.meta.k8s.io', name: '', detail, problems });
  }
  if (token !== '') {
    if (version !== '' && version !== '0') {
      const detail = 'specifying resource version is not allowed when using continue';
      throw new SampanError('BadRequest', { detail });
    }
    return { limit, continues: parseToken(token), notOlderThan: 0 };
  }
  if (version === '') return { limit, notOlderThan: 'newest' };
  const revision = numberOf('resourceVersion', version);
  // As in Kubernetes: a version without a match, with a limit, means just that version.
  const isExact = match === 'Exact' || (match === '' && limit > 0 && revision > 0);
  if (isExact) return { limit, notOlderThan: revision, exactly: revision };
  return { limit: revision === 0 ? 0 : limit, notOlderThan: revision };
}

export function continueToken({ revision, after: { namespace, name }, remaining }: Place): string {
  return Buffer.from(JSON.stringify({ v: 1, revision, namespace, name, remaining })).toString('base64url');
}

function parseToken(token: string): Place {
  try {
    const { v, revision, namespace, name, remaining } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    const isPlace = Number.isInteger(revision) && typeof namespace === 'string' && typeof name === 'string';
    if (v === 1 && isPlace && (remaining === undefined || Number.isInteger(remaining))) {
      return { revision, after: { namespace, name }, remaining };
    }
  } catch {
    // Said below.
  }
  throw new SampanError('BadRequest', { detail: 'continue key is not valid: it is not one that this server gave out' });
}

function problemsOf(match: string, version: string, token: string): FieldError[] {
  const field = 'resourceVersionMatch';
  const errors: FieldError[] = [];
  if (match !== '') {
    if (version === '') errors.push(forbidden(field, `${field} is forbidden unless resourceVersion is provided`));
    if (token !== '') errors.push(forbidden(field, `${field} is forbidden when continue is provided`));
    if (!['Exact', 'NotOlderThan'].includes(match)) errors.push(unsupported(field, match, ['Exact', 'NotOlderThan']));
    if (match === 'Exact' && version === '0') {
      errors.push(forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  return errors;
}

/** A whole number of the query, which is not negative. */
export function numberOf(parameter: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SampanError('BadRequest', { detail: `${parameter}: Invalid value: "${text}": must be a whole number` });
}
