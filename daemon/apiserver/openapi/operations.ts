/**
 * Which paths there are, and what may be done at each, from the served resources: the same for both versions of OpenAPI. Ids are made as
 * Kubernetes makes them, since generated clients take their functions' names from them. Pure.
 */
import {
  type DiscoveredResource,
  groupVersionOf,
  parseGroupVersion,
  pathOfGroupVersion,
} from '../discovery/served-resources.ts';
import type { Subresource } from '../discovery/subresources.ts';
import { type GroupVersionKind, kindKey } from './definitions.ts';
import type { Parameter } from './parameters.ts';
import { formOf, type Method, type VerbForm } from './verb-forms.ts';

export interface Operation {
  readonly method: Method;
  /** Kubernetes' x-kubernetes-action: `list`, `post`, `connect`. */
  readonly action: string;
  readonly id: string;
  readonly description: string;
  readonly tag: string;
  readonly gvk: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** The name of a definition; absent where nothing is sent. */
  readonly body?: string;
  readonly bodyTypes: readonly string[];
  /** The name of a definition; absent where text or a stream is sent back. */
  readonly answer?: string;
  readonly codes: readonly number[];
}

export interface PathItem {
  readonly path: string;
  readonly operations: readonly Operation[];
}

/** Finds a kind's definition by {@link kindKey}. */
export type NamesByKind = ReadonlyMap<string, string>;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** The paths of one resource, with those of its subresources. */
export function pathsOf(resource: DiscoveredResource, nameOf: NamesByKind): readonly PathItem[] {
  const base = `/${pathOfGroupVersion(groupVersionOf(resource))}`;
  const collection = `${base}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.resource}`;
  const taking = (...verbs: readonly string[]) =>
    verbs.filter((verb) => resource.verbs.includes(verb)).map((verb) => ofResource(resource, verb, nameOf));
  const items: PathItem[] = [
    { path: collection, operations: taking('list', 'create', 'deletecollection') },
    { path: `${collection}/{name}`, operations: taking('get', 'update', 'delete', 'patch') },
  ];
  if (resource.namespaced) {
    items.push({ path: `${base}/${resource.resource}`, operations: taking('list').map(forAllNamespaces(resource)) });
  }
  for (const [name, subresource] of Object.entries(resource.subresources)) {
    const path = `${collection}/{name}/${name}`;
    const operations = subresource.verbs.map((verb) => ofSubresource(resource, name, subresource, verb, nameOf));
    items.push({ path, operations });
    if (name === 'proxy') items.push({ path: `${path}/{path}`, operations: operations.map(withPath) });
  }
  return items.filter(({ operations }) => operations.length > 0);
}

/** All definitions that the operations name. */
export function definitionsOf(items: readonly PathItem[]): ReadonlySet<string> {
  const names = items.flatMap(({ operations }) => operations.flatMap(({ body, answer }) => [body, answer]));
  return new Set(names.filter((name) => name !== undefined));
}

function ofResource(resource: DiscoveredResource, verb: string, nameOf: NamesByKind): Operation {
  const { group, version, kind } = resource;
  const form =
    verb === 'delete' && resource.answersDeleted ? { ...formOf(verb), answer: 'own' as const } : formOf(verb);
  const gvk = { group, version, kind };
  const infix = verb === 'deletecollection' ? 'Collection' : '';
  return {
    id: `${form.word}${groupId(resource)}${infix}${scopedKind(resource)}`,
    description: form.describe(kind),
    tag: tagOf(resource),
    gvk,
    ...contentOf(form, gvk, nameOf),
  };
}

/** A subresource of a stored kind is read and written as one; one that only has options is a stream. */
function ofSubresource(
  resource: DiscoveredResource,
  name: string,
  subresource: Subresource,
  verb: string,
  nameOf: NamesByKind,
): Operation {
  const { group, version } = subresource.apiVersion ? parseGroupVersion(subresource.apiVersion) : resource;
  const gvk = { group, version, kind: subresource.kind };
  const form = formOf(verb);
  const suffix = `${scopedKind(resource)}${capital(name)}`;
  const common = { tag: tagOf(resource), gvk };
  if (name === 'log') {
    const description = `read log of the specified ${resource.kind}`;
    return { ...common, ...asText(form.method, form.action), id: `read${groupId(resource)}${suffix}`, description };
  }
  if (!nameOf.has(kindKey(gvk))) {
    const id = `connect${groupId(resource)}${capital(form.method)}${suffix}`;
    const description = `connect ${form.method.toUpperCase()} requests to ${name} of ${resource.kind}`;
    return { ...common, ...asText(form.method, 'connect'), id, description };
  }
  return {
    ...common,
    ...contentOf(form, gvk, nameOf),
    id: `${form.word}${groupId(resource)}${suffix}`,
    description: `${form.describe(name)} of ${resource.kind}`,
  };
}

function forAllNamespaces(resource: DiscoveredResource): (operation: Operation) => Operation {
  return (operation) => ({
    ...operation,
    id: `list${groupId(resource)}${resource.kind}ForAllNamespaces`,
  });
}

function withPath(operation: Operation): Operation {
  return { ...operation, id: `${operation.id}WithPath` };
}

function contentOf(form: VerbForm, gvk: GroupVersionKind, nameOf: NamesByKind) {
  const { method, action, parameters, body, bodyTypes, answer, codes } = form;
  const definition = (which: 'own' | 'list' | 'Patch' | 'DeleteOptions' | 'Status') => {
    if (which !== 'own' && which !== 'list') return `${META}.${which}`;
    const kind = which === 'own' ? gvk.kind : `${gvk.kind}List`;
    const found = nameOf.get(kindKey({ ...gvk, kind }));
    if (found === undefined) throw new Error(`no definition is of kind ${kindKey({ ...gvk, kind })}`);
    return found;
  };
  return {
    method,
    action,
    parameters,
    ...(body !== undefined && { body: definition(body) }),
    bodyTypes: bodyTypes ?? (body === undefined ? [] : ['*/*']),
    answer: definition(answer),
    codes,
  };
}

function asText(method: Method, action: string) {
  return { method, action, parameters: [], bodyTypes: [], codes: [200] };
}

/** `CoreV1`, `RbacAuthorizationV1`. */
function groupId({ group, version }: DiscoveredResource): string {
  return `${shortGroup(group).split('.').map(capital).join('')}${capital(version)}`;
}

/** `core_v1`, `rbacAuthorization_v1`. */
function tagOf({ group, version }: DiscoveredResource): string {
  const [first = '', ...rest] = shortGroup(group).split('.');
  return `${first}${rest.map(capital).join('')}_${version}`;
}

function shortGroup(group: string): string {
  return group === '' ? 'core' : group.replace(/\.k8s\.io$/, '');
}

function scopedKind({ namespaced, kind }: DiscoveredResource): string {
  return `${namespaced ? 'Namespaced' : ''}${kind}`;
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
