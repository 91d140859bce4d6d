/**
 * What a request wants to do to what, as an authorizer is asked and the audit log tells it: Kubernetes' RequestInfo, whatever kinds
 * are served. Pure. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isFlagSet } from '../query-flag.ts';

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
  readonly path: string;
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
  const place = placeOf(rest);
  const verb = VERBS[method] ?? '';
  const asked = { type: 'resource', ...place, group, version, path } as const;
  if (place.name !== '') return { ...asked, verb };
  if (verb === 'get') {
    const watching = isFlagSet(query, 'watch');
    return { ...asked, verb: watching ? 'watch' : 'list', name: selectedName(query.get('fieldSelector') ?? '') };
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

function placeOf(rest: readonly string[]): Pick<ResourceAttributes, 'namespace' | 'resource' | 'name' | 'subresource'> {
  const [first = '', second = '', third = ''] = rest;
  if (first !== 'namespaces' || second === '') {
    return { namespace: '', resource: first, name: second, subresource: third };
  }
  if (third === '' || OF_NAMESPACE.includes(third)) {
    return { namespace: second, resource: first, name: second, subresource: third };
  }
  return { namespace: second, resource: third, name: rest[3] ?? '', subresource: rest[4] ?? '' };
}

/** A list or watch of one object by its name may be granted by that name. */
function selectedName(fieldSelector: string): string {
  const names = fieldSelector.split(',').map((term) => /^metadata\.name==?([\w.:-]+)$/.exec(term.trim())?.[1]);
  return names.find((name) => name !== undefined) ?? '';
}
