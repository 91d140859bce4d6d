/**
 * What a request asks for, read from its method and path as Kubernetes' API server reads it (RequestInfo). Pure; the server
 * dispatches on the answer. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
import type { KindInfo } from '../../reconcilers/objects/kinds.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { isFlagSet } from './query-flag.ts';
import { SERVED_KINDS as SERVED } from './served-kinds.ts';

export const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
export type Verb = (typeof VERBS)[number];

export interface ResourceRequest {
  readonly verb: Verb;
  readonly info: KindInfo;
  /** '' for all namespaces, and for cluster-scoped kinds. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  /** `status`, `log`, `binding`; '' for the object itself. */
  readonly subresource: string;
  /** What comes behind `proxy`, as it was written: '' or `/a/b%20c/`. '' for every other subresource. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Undefined where the path is no resource of the served kinds. MethodNotAllowed where the method has no meaning there, BadRequest
 * where a name could be none.
 */
export function parseRequest(method: string, url: string): ResourceRequest | undefined {
  const { pathname, searchParams: query } = new URL(url, 'http://socket');
  let parts: string[];
  try {
    parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [root, ...rest] = parts;
  const apiVersion = root === 'api' ? rest.shift() : root === 'apis' ? `${rest.shift()}/${rest.shift()}` : undefined;
  if (apiVersion === undefined) return undefined;

  // `/namespaces/x/pods` is pods in x; `/namespaces/x` and its own subresources are the namespace itself.
  const scoped = rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] as string);
  const namespace = scoped ? (rest[1] as string) : '';
  const [plural, name = '', subresource = '', ...excess] = scoped ? rest.slice(2) : rest;
  const info = SERVED.find((kind) => kind.plural === plural && kind.apiVersion === apiVersion);
  const isProxy = subresource === 'proxy';
  if (info === undefined || (excess.length > 0 && !isProxy) || info.namespaced < scoped) return undefined;
  if (info.namespaced && !scoped && name !== '') return undefined;

  checkSegments({ namespace, name });
  const verb = verbOf(method, { named: name !== '', whole: subresource === '' }, query);
  // A proxied request may have any method; as a verb of the API it counts as a read where it is none.
  if (verb === undefined && !isProxy) throw new SampanError('MethodNotAllowed');
  const path = isProxy ? behind(pathname, parts.length - excess.length) : '';
  return { verb: verb ?? 'get', info, namespace, name, subresource, path, query };
}

/** The path without its first `count` parts. */
function behind(pathname: string, count: number): string {
  return pathname.replace(new RegExp(`^(/+[^/]+){${count}}`), '');
}

/** What cannot be part of a path cannot be part of a store's key either. */
function checkSegments({ namespace, name }: { namespace: string; name: string }): void {
  for (const [what, text] of [
    ['Namespace', namespace],
    ['Name', name],
  ] as const) {
    const [character] = /[/%]/.exec(text) ?? [];
    const problem =
      text === '.' || text === '..' ? `may not be '${text}'` : character && `may not contain '${character}'`;
    if (problem) throw new SampanError('BadRequest', { detail: `${what} parameter invalid: "${text}": ${problem}` });
  }
}

function verbOf(
  method: string,
  { named, whole }: { named: boolean; whole: boolean },
  query: URLSearchParams,
): Verb | undefined {
  const watching = isFlagSet(query, 'watch');
  switch (method) {
    case 'GET':
    case 'HEAD':
      return named ? 'get' : watching ? 'watch' : 'list';
    case 'POST':
      return named && whole ? undefined : 'create';
    case 'PUT':
      return named ? 'update' : undefined;
    case 'PATCH':
      return named ? 'patch' : undefined;
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}
