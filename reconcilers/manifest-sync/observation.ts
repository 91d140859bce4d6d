/**
 * What manifest-sync plans from, as plain data: what a source declares, what is live, what was applied last. observe.ts makes it,
 * plan.ts and its helpers read it.
 */
import type { JsonObject } from '../objects/json.ts';
import type { AnyObject, Kind } from '../objects/kinds.ts';
import { formatKey, type ObjectKey } from '../objects/meta.ts';
import type { OnInvalid, Source, SourceProblem } from '../objects/source.ts';

/** A source as configured: what its Source object's spec becomes. */
export interface DesiredSource {
  readonly name: string;
  readonly type: 'folder' | 'git';
  readonly location: string;
  readonly onInvalid: OnInvalid;
  readonly pruneLimit: number;
}

export interface ObjectIdentity {
  readonly kind: Kind;
  readonly key: ObjectKey;
}

/** One object as a manifest declares it. */
export interface Declared extends ObjectIdentity {
  readonly manifest: JsonObject;
  readonly file: string;
  readonly line: number;
}

/** A revision as read: what is in order, and what is not. */
export interface Revision {
  readonly revision: string;
  readonly subject: string;
  /** In the order to apply. */
  readonly documents: readonly Declared[];
  /** Known by name, but with problems. */
  readonly rejected: readonly ObjectIdentity[];
  readonly problems: readonly SourceProblem[];
  /** Every manifest there is. */
  readonly files: readonly string[];
  /** See SourceSnapshot.doubt. */
  readonly doubt?: string;
}

export type Reading =
  | ({ readonly reachable: true } & Revision)
  | { readonly reachable: false; readonly message: string };

/** What the API refused of a revision when it was applied, although it had looked right. */
export interface Rejection extends ObjectIdentity {
  readonly revision: string;
  readonly problem: SourceProblem;
  /** Its cause may go away: from then on it is tried again. Milliseconds since the epoch. */
  readonly retryAt: number;
  /** Refused so often in a row. */
  readonly count: number;
}

/** What was done for a revision, by all attempts so far. */
export interface Done {
  readonly created: number;
  readonly changed: number;
  readonly pruned: number;
}

/** What a Service holds of addresses that only one may hold: `10.96.0.7`, `30002/TCP`. */
export interface ServiceClaims {
  readonly key: ObjectKey;
  readonly claims: readonly string[];
}

export interface Observed {
  readonly source?: Source;
  readonly reading: Reading;
  /** The applied revision, where it is known: defended while the source is broken. */
  readonly lastGood?: Revision;
  /** Of everything the reading, the last good revision and the inventory name. */
  readonly live: readonly AnyObject[];
  /** Those that objects can be created in, and those that are on their way out. */
  readonly namespaces: readonly string[];
  readonly terminatingNamespaces: readonly string[];
  /** The names of all Source objects. */
  readonly sources: readonly string[];
  readonly claims: readonly ServiceClaims[];
  readonly rejections: readonly Rejection[];
  /** For the revision that was read; absent where nothing was. */
  readonly done?: Done;
}

/** `Service default/upper`: one name per object, for maps and messages. */
export function nameOf({ kind, key }: ObjectIdentity): string {
  return `${kind} ${formatKey(key)}`;
}

/** `3f2a91c` of a commit, `sha256:0123456789ab` of a folder's content. */
export function shortRevision(revision: string): string {
  return revision.startsWith('sha256:') ? revision.slice(0, 19) : revision.slice(0, 7);
}
