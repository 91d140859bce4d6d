/**
 * Typed access to objects, as the API server would give it: create, compare-and-swap, delete with Kubernetes' rules, watch.
 * The loops' only way to read and write desired state. In the masters' process it is the registry over the store; on a node of
 * its own it will be a client of the API server.
 */
import type { Kind, ObjectOf } from '../objects/kinds.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';

/** One write of one object. `previous` is what it replaced, where known. */
export type ObjectChange<K extends Kind = Kind> = {
  [P in K]: {
    readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
    readonly kind: P;
    /** On DELETED the last state, with the resourceVersion of the deletion. */
    readonly object: ObjectOf<P>;
    readonly previous?: ObjectOf<P>;
  };
}[K];

export interface ChangeBatch<K extends Kind = Kind> {
  readonly revision: number;
  readonly changes: readonly ObjectChange<K>[];
}

export interface WriteOptions {
  /** All but the write: what it would answer, or what it would be refused with. */
  readonly dryRun?: boolean;
}

export interface Preconditions {
  /** Conflict where they do not hold. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion */
export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions extends Preconditions, WriteOptions {
  /** Pods only: 0 removes the object at once; default: the pod's terminationGracePeriodSeconds. */
  readonly gracePeriodSeconds?: number;
  /** Default: Background. */
  readonly propagationPolicy?: PropagationPolicy;
}

export interface ObjectClient {
  get<K extends Kind>(kind: K, key: ObjectKey): Promise<ObjectOf<K> | undefined>;
  /** `namespace` absent: all of them. `revision`: as of then, see Store.list. */
  list<K extends Kind>(
    kind: K,
    options?: { namespace?: string; revision?: number },
  ): Promise<{ items: ObjectOf<K>[]; revision: number }>;
  /** Defaults, validates, names, gives addresses. Throws AlreadyExists, Invalid, NotFound (no such namespace). */
  create<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>, options?: WriteOptions): Promise<ObjectOf<K>>;
  /**
   * Writes metadata and spec; the status stays as stored. Conflict unless `metadata.resourceVersion` is the stored one (empty:
   * whatever is stored). A write that changes nothing writes nothing. Removing the last finalizer of a deleted object removes it.
   */
  update<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>>;
  /** Writes only the status, under the same rules. */
  updateStatus<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>>;
  /** Writes only `spec.finalizers` of a namespace, which an update leaves alone, under the same rules. */
  finalizeNamespace(namespace: ObjectOf<'Namespace'>): Promise<ObjectOf<'Namespace'>>;
  /** Assigns the pod to a node: Conflict where it already has one, or its uid is another. */
  bindPod(key: ObjectKey, uid: string, nodeName: string): Promise<ObjectOf<'Pod'>>;
  /**
   * Kubernetes' deletion: with a grace period or finalizers the object is only marked; otherwise it goes.
   * Answers the object as marked or removed, with the resourceVersion of that write; undefined where there was none.
   */
  delete<K extends Kind>(kind: K, key: ObjectKey, options?: DeleteOptions): Promise<ObjectOf<K> | undefined>;
  /** See Store.watch; batches that hold nothing of `kinds` still come, empty, so that the reader knows how far it is. */
  watch<K extends Kind>(
    kinds: readonly K[],
    options: { after: number; signal: AbortSignal },
  ): AsyncIterable<ChangeBatch<K>>;
}

export interface ModifyOptions extends Preconditions, WriteOptions {
  /** What of the object may change; the rest stays as stored. Default: `spec`. */
  readonly part?: ObjectPart;
}

/**
 * `spec`: everything but the status and what an update leaves alone. `status`: the status, and the metadata that clients write.
 * `finalizers`: `spec.finalizers` of a namespace. `whole`: all of it, past the rules for updates (bindings, ephemeral containers).
 */
export type ObjectPart = 'spec' | 'status' | 'finalizers' | 'whole';

export interface PageOptions {
  readonly namespace?: string;
  /** As of then; StoreCompacted where that is no longer known. */
  readonly revision: number;
  /** Those after this one, in the order of their store keys. */
  readonly after?: ObjectKey;
  readonly limit: number;
}

/** What the API server needs beyond that. */
export interface RegistryClient extends ObjectClient {
  /** That of the last write that anybody has been answered. */
  revision(): Promise<number>;
  /** A part of a list; `more`: there are others after it. */
  listPage<K extends Kind>(kind: K, options: PageOptions): Promise<{ items: ObjectOf<K>[]; more: boolean }>;
  /**
   * Writes what `change` makes of the stored object; again where somebody else was faster, unless `resourceVersion` insists.
   * NotFound where there is none.
   */
  modify<K extends Kind>(
    kind: K,
    key: ObjectKey,
    change: (current: ObjectOf<K>) => ObjectOf<K>,
    options?: ModifyOptions,
  ): Promise<ObjectOf<K>>;
}
