/**
 * What a request wants of the kinds that are served, from what access/request-attributes.ts has read of its URL. Pure; the server
 * dispatches on the answer.
 */
import type { KindInfo } from '../../reconcilers/objects/kinds.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ResourceAttributes } from './access/request-attributes.ts';
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

const OF_COLLECTIONS: readonly string[] = ['list', 'watch', 'deletecollection'];

/**
 * Undefined where the path is no resource of the served kinds. MethodNotAllowed where the method has no meaning there, BadRequest
 * where a name could be none.
 */
export function resourceRequest(attributes: ResourceAttributes): ResourceRequest | undefined {
  const { group, version, resource, subresource, behind: path, query } = attributes;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const info = SERVED.find((kind) => kind.plural === resource && kind.apiVersion === apiVersion);
  const isProxy = subresource === 'proxy';
  if (info === undefined || (!/^\/*$/.test(path) && !isProxy)) return undefined;
  // A namespace is in itself.
  const namespace = info.kind === 'Namespace' && attributes.namespace === attributes.name ? '' : attributes.namespace;
  if (!info.namespaced && namespace !== '') return undefined;
  // The name of a collection is one that its selector names.
  const name = OF_COLLECTIONS.includes(attributes.verb) ? '' : attributes.name;
  if (info.namespaced && namespace === '' && name !== '') return undefined;

  checkSegments({ namespace, name });
  const verb = verbOf(attributes, name);
  // A proxied request may have any method; as a verb of the API it counts as a read where it is none.
  if (verb === undefined && !isProxy) throw new SampanError('MethodNotAllowed');
  return { verb: verb ?? 'get', info, namespace, name, subresource, path: isProxy ? path : '', query };
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

/** An object is not created by its own path, and a collection neither replaced nor patched. */
function verbOf({ verb, subresource }: ResourceAttributes, name: string): Verb | undefined {
  const known = VERBS.find((each) => each === verb);
  if (known === 'create') return name !== '' && subresource === '' ? undefined : known;
  return (known === 'update' || known === 'patch') && name === '' ? undefined : known;
}
