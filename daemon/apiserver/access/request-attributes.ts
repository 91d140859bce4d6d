/**
 * What a request wants to do to what, as an authorizer is asked, the audit log tells it and the server answers it: Kubernetes'
 * RequestInfo, whatever kinds are served. Read once, in the pipeline. Pure.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isFlagSet } from '../../serving/query-flag.ts';

export interface ResourceAttributes {
  readonly type: 'resource';
  /** get, list, watch, create, update, patch, delete, deletecollection; '' where the method has no meaning. */
  readonly verb: string;
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** '' for all of them, and for what has none. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  /** Of a list or a watch, as it was written; '' or absent where it takes all. */
  readonly fieldSelector?: string;
  readonly path: string;
  /** What of the path comes behind the subresource, as it was written: '' or `/a/b%20c/`. */
  readonly behind: string;
  readonly query: URLSearchParams;
}

export interface NonResourceAttributes {
  readonly type: 'path';
  /** The method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export type RequestAttributes = ResourceAttributes | NonResourceAttributes;

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Below `/namespaces/x` these are the namespace's own. */
const OF_NAMESPACE = ['status', 'finalize'];

/** BadRequest where `url` is none. */
export function attributesOf(method: string, url: string): RequestAttributes {
  const { pathname: path, searchParams: query } = parseUrl(url);
  const parts = segmentsOf(path);
  const [root, ...rest] = parts;
  const group = root === 'apis' ? rest.shift() : '';
  const version = rest.shift();
  if ((root !== 'api' && root !== 'apis') || group === undefined || version === undefined || rest.length === 0) {
    return { type: 'path', verb: method.toLowerCase(), path };
  }
  // `/api/v1/watch/pods`: how a watch was asked for before there was `?watch=true`.
  const isOldWatch = rest[0] === 'watch' && rest.length > 1 && method === 'GET';
  if (isOldWatch) rest.shift();
  const { excess, ...place } = placeOf(rest);
  if (isOldWatch) {
    query.set('watch', 'true');
    if (place.name !== '') query.set('fieldSelector', selectorOf(place.name, query.get('fieldSelector')));
    place.name = '';
  }
  const verb = VERBS[method] ?? '';
  const asked = {
    type: 'resource',
    ...place,
    group,
    version,
    path,
    behind: behind(path, parts.length - excess),
    query,
  } as const;
  if (place.name !== '') return { ...asked, verb };
  if (verb === 'get') {
    const watching = isFlagSet(query, 'watch');
    const fieldSelector = query.get('fieldSelector') ?? '';
    const selected = { name: selectedName(fieldSelector), ...(fieldSelector !== '' && { fieldSelector }) };
    return { ...asked, verb: watching ? 'watch' : 'list', ...selected };
  }
  return { ...asked, verb: verb === 'delete' ? 'deletecollection' : verb };
}

function parseUrl(url: string): URL {
  const parsed = URL.parse(url, 'http://server');
  if (parsed === null) throw new SampanError('BadRequest', { detail: `cannot read the URL "${url}"` });
  return parsed;
}

/** None where the path is not well escaped. */
function segmentsOf(path: string): string[] {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return [];
  }
}

interface Place {
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  /** How many segments come behind them. */
  excess: number;
}

function placeOf(rest: readonly string[]): Place {
  const [first = '', second = '', third = ''] = rest;
  if (first !== 'namespaces' || second === '') return placeIn('', rest);
  return third === '' || OF_NAMESPACE.includes(third) ? placeIn(second, rest) : placeIn(second, rest.slice(2));
}

function placeIn(namespace: string, [resource = '', name = '', subresource = '', ...more]: readonly string[]): Place {
  return { namespace, resource, name, subresource, excess: more.length };
}

/** The path without its first `count` segments. */
function behind(path: string, count: number): string {
  return path.replace(new RegExp(`^(/+[^/]+){${count}}`), '');
}

function selectorOf(name: string, others: string | null): string {
  return [...(others ? [others] : []), `metadata.name=${name}`].join(',');
}

/** A list or watch of one object by its name may be granted by that name. */
function selectedName(fieldSelector: string): string {
  const names = fieldSelector.split(',').map((term) => /^metadata\.name==?([\w.:-]+)$/.exec(term.trim())?.[1]);
  return names.find((name) => name !== undefined) ?? '';
}
