/**
 * The table of kinds: one page each in `kinds/`, from which the store's keys, REST paths, discovery, tables and every message take
 * what they need. A new kind is a page there, two lines here, and its type in hack/generate-schema.ts. Store prefixes are
 * Kubernetes' own (`etcdctl get /registry --prefix` reads the same).
 */
import type { Event, Lease, Namespace, Node } from './cluster.ts';
import { type ConfigMap, configMapKind } from './kinds/config-map.ts';
import { type EndpointSlice, endpointSliceKind } from './kinds/endpoint-slice.ts';
import { endpointsKind } from './kinds/endpoints.ts';
import type { KindEntry, KindInfo } from './kinds/entry.ts';
import { eventKind } from './kinds/event.ts';
import { leaseKind } from './kinds/lease.ts';
import { type LimitRange, limitRangeKind } from './kinds/limit-range.ts';
import { namespaceKind } from './kinds/namespace.ts';
import { nodeKind } from './kinds/node.ts';
import { type PersistentVolume, persistentVolumeKind } from './kinds/persistent-volume.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from './kinds/persistent-volume-claim.ts';
import { podKind } from './kinds/pod.ts';
import { type PodDisruptionBudget, podDisruptionBudgetKind } from './kinds/pod-disruption-budget.ts';
import { type PodTemplate, podTemplateKind } from './kinds/pod-template.ts';
import { replicationControllerKind } from './kinds/replication-controller.ts';
import { type ResourceQuota, resourceQuotaKind } from './kinds/resource-quota.ts';
import { type Secret, secretKind } from './kinds/secret.ts';
import { serviceKind } from './kinds/service.ts';
import { type ServiceAccount, serviceAccountKind } from './kinds/service-account.ts';
import { sourceKind } from './kinds/source.ts';
import { type StorageClass, storageClassKind } from './kinds/storage-class.ts';
import type { KubeObject, ObjectKey } from './meta.ts';
import type { Pod } from './pod.ts';
import type { ReplicationController } from './replication-controller.ts';
import type { Endpoints, Service } from './service.ts';
import type { Source } from './source.ts';

export type { KindInfo } from './kinds/entry.ts';

/** Every kind with its type. */
export interface KindMap {
  Namespace: Namespace;
  Node: Node;
  ResourceQuota: ResourceQuota;
  LimitRange: LimitRange;
  ServiceAccount: ServiceAccount;
  Secret: Secret;
  ConfigMap: ConfigMap;
  StorageClass: StorageClass;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  Service: Service;
  Endpoints: Endpoints;
  EndpointSlice: EndpointSlice;
  PodTemplate: PodTemplate;
  PodDisruptionBudget: PodDisruptionBudget;
  ReplicationController: ReplicationController;
  Pod: Pod;
  Event: Event;
  Lease: Lease;
  Source: Source;
}

export type Kind = keyof KindMap;
export type ObjectOf<K extends Kind> = KindMap[K];
export type AnyObject = KindMap[Kind];

/** In the order in which a commit makes them: what others stand on comes first, and is deleted last. */
export const KINDS: { readonly [K in Kind]: KindEntry<KindMap[K]> } = {
  Namespace: namespaceKind,
  Node: nodeKind,
  ResourceQuota: resourceQuotaKind,
  LimitRange: limitRangeKind,
  ServiceAccount: serviceAccountKind,
  Secret: secretKind,
  ConfigMap: configMapKind,
  StorageClass: storageClassKind,
  PersistentVolume: persistentVolumeKind,
  PersistentVolumeClaim: persistentVolumeClaimKind,
  Service: serviceKind,
  Endpoints: endpointsKind,
  EndpointSlice: endpointSliceKind,
  PodTemplate: podTemplateKind,
  PodDisruptionBudget: podDisruptionBudgetKind,
  ReplicationController: replicationControllerKind,
  Pod: podKind,
  Event: eventKind,
  Lease: leaseKind,
  Source: sourceKind,
};

export const ALL_KINDS: readonly KindInfo[] = Object.values(KINDS);

/** Those the object cache keeps, and those whose changes it only passes on. */
export const CACHED_KINDS: readonly Kind[] = ALL_KINDS.filter(({ cached }) => cached).map(({ kind }) => kind);
export const PASSING_KINDS: readonly Kind[] = ALL_KINDS.filter(({ cached }) => !cached).map(({ kind }) => kind);

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

/** `pods`, `leases.coordination.k8s.io`: how Kubernetes' messages name a resource. */
export function groupResource({ plural, apiVersion }: KindInfo): string {
  return inGroup(plural, apiVersion);
}

/** `Pod`, `Lease.coordination.k8s.io`: how they name a kind. */
export function groupKind({ kind, apiVersion }: KindInfo): string {
  return inGroup(kind, apiVersion);
}

function inGroup(name: string, apiVersion: string): string {
  return apiVersion.includes('/') ? `${name}.${apiVersion.split('/')[0]}` : name;
}

/** `pods "default/upper-x7k2p"`: how messages name an object. */
export function describeObject(object: KubeObject): string {
  const info = findKind(object.apiVersion, object.kind);
  const name = object.metadata.namespace
    ? `${object.metadata.namespace}/${object.metadata.name}`
    : object.metadata.name;
  return `${info?.plural ?? object.kind} "${name}"`;
}
