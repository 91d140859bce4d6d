/**
 * The bookkeeping object of one manifest source (a folder or a git repo): what was applied from it, what it owns, and what is
 * wrong with it. Written by manifest-sync, read by `sampan status`; group `sampan.dev`, cluster-scoped, not made by hand.
 */
import type { Condition, KubeObject, Timestamp } from './meta.ts';

export type OnInvalid = 'refuse' | 'skip-file';

export interface Source extends KubeObject {
  apiVersion: 'sampan.dev/v1';
  kind: 'Source';
  spec: {
    /** As given on the command line, credentials removed. */
    location: string;
    type: 'folder' | 'git';
    onInvalid: OnInvalid;
    /** A sync that would delete more than this share of the inventory, and more than 3 objects, waits for confirmation. */
    pruneLimit: number;
  };
  status: {
    /** The revision whose objects are applied: a commit id, or `sha256:...` of a folder's content. */
    appliedRevision?: string;
    appliedAt?: Timestamp;
    /** The newest revision seen, also when it was refused. */
    seenRevision?: string;
    /** Every object this source owns. Grows before an object is created, shrinks after it is deleted. */
    inventory: InventoryEntry[];
    /** `Ready`, `Reachable`, `Valid`, `PruneConfirmed`. */
    conditions: Condition[];
    /** What keeps the seen revision from being applied, at most 50 of them, and how many there are in all. */
    problems?: SourceProblem[];
    problemCount?: number;
    /** Newest first, at most 50. */
    history: SyncRecord[];
  };
}

/** Something in the source that cannot be taken as it is. A `file` that names a folder speaks for all that is below it. */
export interface SourceProblem {
  readonly file: string;
  /** From 1; absent where the file as a whole is the problem. */
  readonly line?: number;
  readonly message: string;
}

export interface InventoryEntry {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  /** Path within the source, and the line its document starts at. */
  file: string;
  line: number;
}

export interface SyncRecord {
  revision: string;
  at: Timestamp;
  /** PruneRefused: it waits for its prune to be confirmed. */
  outcome: 'Applied' | 'Refused' | 'PruneRefused';
  /** One line: the commit's subject, or what was wrong. */
  message: string;
  created: number;
  changed: number;
  pruned: number;
}

/** On every object a source owns: the Source's name, and where the object was declared (`manifests/web.yaml:12`). */
export const ANNOTATION_SOURCE = 'sampan.dev/source';
export const ANNOTATION_DECLARED_AT = 'sampan.dev/declared-at';
/** The revision whose sync last wrote the object: a commit, or the hash of a folder's content. */
export const ANNOTATION_REVISION = 'sampan.dev/revision';
/** The manifest as last applied, JSON: the middle of the three-way merge. */
export const ANNOTATION_LAST_APPLIED = 'sampan.dev/last-applied';
/** Set to a revision on a Source by a person: that revision's prune may go over the limit. */
export const ANNOTATION_CONFIRM_PRUNE = 'sampan.dev/confirm-prune';
/** `disabled` on an object of a source: it stays when its manifest goes. */
export const ANNOTATION_PRUNE = 'sampan.dev/prune';
/** On a ReplicationController: `RollingUpdate` (default for objects of a source) or `OnDelete` (Kubernetes' own behaviour). */
export const ANNOTATION_UPDATE_STRATEGY = 'sampan.dev/update-strategy';
export const ANNOTATION_MAX_SURGE = 'sampan.dev/max-surge';
export const ANNOTATION_MAX_UNAVAILABLE = 'sampan.dev/max-unavailable';
