/**
 * What this server answers, as discovery and OpenAPI tell it: one entry per resource, made from the table of kinds and from the lists
 * below. The one place to switch something on: a kind appears by itself, a subresource or a review by its line here.
 */
import type { KindInfo } from '../../../reconcilers/objects/kinds.ts';
import { NOT_STORED } from './not-stored.ts';
import { SUBRESOURCES, type Subresource, statusOfKind } from './subresources.ts';

export interface DiscoveredResource {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower-case, as in paths. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** `kubectl get all` takes those in `all`. */
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Whether a DELETE that removes an object answers with it, not with a Status. */
  readonly answersDeleted: boolean;
  /** By name, in alphabetical order. */
  readonly subresources: Readonly<Record<string, Subresource>>;
}

/** The subresources served beside `status`, which follows from the table of kinds. */
const SERVED_SUBRESOURCES: readonly (keyof typeof SUBRESOURCES)[] = [
  'namespaces/finalize',
  'nodes/proxy',
  'pods/attach',
  'pods/binding',
  'pods/ephemeralcontainers',
  'pods/eviction',
  'pods/exec',
  'pods/log',
  'pods/portforward',
  'pods/proxy',
  'replicationcontrollers/scale',
  'serviceaccounts/token',
  'services/proxy',
];

/** The resources served without being stored. */
const SERVED_NOT_STORED: readonly (keyof typeof NOT_STORED)[] = [
  'bindings',
  'localsubjectaccessreviews',
  'selfsubjectaccessreviews',
  'selfsubjectreviews',
  'selfsubjectrulesreviews',
  'subjectaccessreviews',
  'tokenreviews',
  'nodes.metrics.k8s.io',
  'pods.metrics.k8s.io',
];

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Kubernetes deletes namespaces one by one only. */
const VERBS_OF: Readonly<Record<string, readonly string[]>> = {
  Namespace: VERBS.filter((verb) => verb !== 'deletecollection'),
};

/** Everything served, in the order discovery lists it: the core group, then Kubernetes' groups by their rank, then ours. */
export function servedResources(kinds: readonly KindInfo[]): readonly DiscoveredResource[] {
  return [...kinds.map(ofKind), ...SERVED_NOT_STORED.map(notStored)].toSorted(
    (a, b) =>
      rank(a.group) - rank(b.group) ||
      a.group.localeCompare(b.group) ||
      a.version.localeCompare(b.version) ||
      a.resource.localeCompare(b.resource),
  );
}

/** `v1` for the core group, `group/version` elsewhere. */
export function groupVersionOf({ group, version }: Pick<DiscoveredResource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Each once, in the order of their resources. */
export function groupVersionsOf(served: readonly DiscoveredResource[]): readonly string[] {
  return [...new Set(served.map(groupVersionOf))];
}

/** Below which its resources lie: `api/v1`, `apis/coordination.k8s.io/v1`. */
export function pathOfGroupVersion(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

/** The inverse of {@link groupVersionOf}. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

function ofKind(info: KindInfo): DiscoveredResource {
  return {
    ...parseGroupVersion(info.apiVersion),
    resource: info.plural,
    singular: info.singular,
    kind: info.kind,
    namespaced: info.namespaced,
    shortNames: info.shortNames,
    categories: info.categories,
    verbs: VERBS_OF[info.kind] ?? VERBS,
    answersDeleted: info.answersDeleted,
    subresources: subresourcesOf(info),
  };
}

/** Of an entry of the table of what is not stored. */
export function notStored(name: keyof typeof NOT_STORED): DiscoveredResource {
  const { apiVersion, kind, singular, namespaced, verbs } = NOT_STORED[name];
  const [resource = ''] = name.split('.');
  return {
    ...parseGroupVersion(apiVersion),
    resource,
    singular,
    kind,
    namespaced,
    shortNames: [],
    categories: [],
    verbs,
    answersDeleted: false,
    subresources: {},
  };
}

function subresourcesOf({ apiVersion, kind, plural, hasStatus }: KindInfo): Readonly<Record<string, Subresource>> {
  const found: [string, Subresource][] = hasStatus ? [['status', statusOfKind(kind)]] : [];
  for (const path of SERVED_SUBRESOURCES) {
    const [resource, name = ''] = path.split('/');
    if (apiVersion === 'v1' && resource === plural) found.push([name, SUBRESOURCES[path]]);
  }
  return Object.fromEntries(found.toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Where a short name or a kind is in two groups, clients take the one listed first. */
const GROUP_RANKS = [
  '',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'metrics.k8s.io',
];

function rank(group: string): number {
  const index = GROUP_RANKS.indexOf(group);
  return index === -1 ? GROUP_RANKS.length : index;
}
