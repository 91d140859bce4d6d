/**
 * The table of kinds: one entry each, from which the store's keys, REST paths and every message take their names.
 * A new kind starts here. Store prefixes are Kubernetes' own (`etcdctl get /registry --prefix` reads the same).
 */
import type { Event, Lease, Namespace, Node } from './cluster.ts';
import type { KubeObject, ObjectKey } from './meta.ts';
import type { Pod } from './pod.ts';
import type { ReplicationController } from './replication-controller.ts';
import type { Endpoints, Service } from './service.ts';
import type { Source } from './source.ts';

/** Every kind with its type. */
export interface KindMap {
  Namespace: Namespace;
  Node: Node;
  Pod: Pod;
  ReplicationController: ReplicationController;
  Service: Service;
  Endpoints: Endpoints;
  Event: Event;
  Lease: Lease;
  Source: Source;
}

export type Kind = keyof KindMap;
export type ObjectOf<K extends Kind> = KindMap[K];
export type AnyObject = KindMap[Kind];

export interface KindInfo {
  readonly kind: Kind;
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  /** Lower-case, as in REST paths. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Below which the store keeps the kind: `/registry/pods/`. */
  readonly storePrefix: string;
  /** Whether a manifest may declare it. */
  readonly declarable: boolean;
  /** Whether a spec and a status are written by different writers (status subresource, generation). */
  readonly hasStatus: boolean;
}

function entry(
  kind: Kind,
  plural: string,
  storePath: string,
  options: Partial<Pick<KindInfo, 'apiVersion' | 'shortNames' | 'namespaced' | 'declarable' | 'hasStatus'>>,
): KindInfo {
  return {
    kind,
    apiVersion: options.apiVersion ?? 'v1',
    plural,
    singular: kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    namespaced: options.namespaced ?? true,
    storePrefix: `/registry/${storePath}/`,
    declarable: options.declarable ?? true,
    hasStatus: options.hasStatus ?? true,
  };
}

export const KINDS: { readonly [K in Kind]: KindInfo } = {
  Namespace: entry('Namespace', 'namespaces', 'namespaces', { shortNames: ['ns'], namespaced: false }),
  Node: entry('Node', 'nodes', 'minions', { shortNames: ['no'], namespaced: false, declarable: false }),
  Pod: entry('Pod', 'pods', 'pods', { shortNames: ['po'] }),
  ReplicationController: entry('ReplicationController', 'replicationcontrollers', 'controllers', {
    shortNames: ['rc'],
  }),
  Service: entry('Service', 'services', 'services/specs', { shortNames: ['svc'] }),
  Endpoints: entry('Endpoints', 'endpoints', 'services/endpoints', { shortNames: ['ep'], hasStatus: false }),
  Event: entry('Event', 'events', 'events', { shortNames: ['ev'], declarable: false, hasStatus: false }),
  Lease: entry('Lease', 'leases', 'leases', {
    apiVersion: 'coordination.k8s.io/v1',
    declarable: false,
    hasStatus: false,
  }),
  Source: entry('Source', 'sources', 'sampan.dev/sources', {
    apiVersion: 'sampan.dev/v1',
    namespaced: false,
    declarable: false,
  }),
};

export const ALL_KINDS: readonly KindInfo[] = Object.values(KINDS);

/** The kind's entry by `apiVersion` and `kind` as a manifest writes them; undefined where this build does not serve it. */
export function findKind(apiVersion: string, kind: string): KindInfo | undefined {
  return ALL_KINDS.find((info) => info.kind === kind && info.apiVersion === apiVersion);
}

/** The store key of an object: `/registry/pods/default/upper-x7k2p`. */
export function storeKey(kind: Kind, key: ObjectKey): string {
  const info = KINDS[kind];
  return info.namespaced ? `${info.storePrefix}${key.namespace}/${key.name}` : `${info.storePrefix}${key.name}`;
}

/** The inverse of {@link storeKey}: undefined for keys that hold no object (address claims, elections). */
export function parseStoreKey(storeKeyText: string): { kind: Kind; key: ObjectKey } | undefined {
  const info = ALL_KINDS.find((candidate) => storeKeyText.startsWith(candidate.storePrefix));
  if (info === undefined) return undefined;
  const rest = storeKeyText.slice(info.storePrefix.length).split('/');
  const [first = '', second = ''] = rest;
  if (rest.length !== (info.namespaced ? 2 : 1)) return undefined;
  return {
    kind: info.kind,
    key: info.namespaced ? { namespace: first, name: second } : { namespace: '', name: first },
  };
}

/** `pods "default/upper-x7k2p"`: how messages name an object. */
export function describeObject(object: KubeObject): string {
  const info = findKind(object.apiVersion, object.kind);
  const name = object.metadata.namespace
    ? `${object.metadata.namespace}/${object.metadata.name}`
    : object.metadata.name;
  return `${info?.plural ?? object.kind} "${name}"`;
}
