/**
 * What every Kubernetes object has in common: type, metadata, identity. Every other file of this floor builds on it.
 * Shapes only; see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/.
 */

import type { Json } from './json.ts';

/** A UTC time as Kubernetes writes it: `2026-01-02T03:04:05Z`, whole seconds. */
export type Timestamp = string;

/** A UTC time with microseconds, `2026-01-02T03:04:05.000000Z`: leases and event series use it. */
export type MicroTime = string;

export type Labels = Readonly<Record<string, string>>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  /** Absent on cluster-scoped objects. */
  namespace?: string;
  generateName?: string;
  uid: string;
  /** The store revision of the last write, a decimal number as a string; opaque to clients. Never stored in the value. */
  resourceVersion: string;
  /** Counts writes of the spec; absent on kinds without one. */
  generation?: number;
  creationTimestamp: Timestamp;
  deletionTimestamp?: Timestamp;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  /** Who wrote which fields through the API; kept by `managed-fields/`, carried along by everybody else. */
  managedFields?: Json[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A metav1.Condition, as nodes, pods and sources carry it. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  /** The generation of the object that it speaks of. */
  observedGeneration?: number;
  lastTransitionTime?: Timestamp;
}

/** What a human or a client may leave out when it writes an object: the server fills it in. */
export type Draft<T extends KubeObject> = Omit<T, 'metadata'> & {
  metadata: Partial<ObjectMeta> & ({ name: string } | { generateName: string });
};

/** Identity of an object within its kind. `namespace` is `''` for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `name` where there is no namespace: what messages show and queues are keyed by. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
}

/** The inverse of {@link formatKey}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { namespace: '', name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

export function keyOf(object: { metadata: { name: string; namespace?: string } }): ObjectKey {
  return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** Keep a deleted owner until the garbage collector has deleted its dependents, or taken its name out of them. */
export const PROPAGATION_FINALIZERS = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const;

/** The one owner that manages the object (`controller: true`), if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Formats milliseconds since the epoch as Kubernetes' whole-second timestamp. */
export function toTimestamp(epochMs: number): Timestamp {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** Formats milliseconds since the epoch as Kubernetes' MicroTime. */
export function toMicroTime(epochMs: number): MicroTime {
  return `${new Date(epochMs).toISOString().slice(0, 23)}000Z`;
}
