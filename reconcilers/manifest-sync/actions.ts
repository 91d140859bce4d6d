/** What manifest-sync can do. Each is safe to repeat; together, in a plan's order, each leaves a state that the next look completes. */
import type { JsonObject } from '../objects/json.ts';
import type { AnyObject } from '../objects/kinds.ts';
import type { Service } from '../objects/service.ts';
import type { InventoryEntry, Source } from '../objects/source.ts';
import type { ObjectIdentity } from './observation.ts';

/** Why an object is written. */
export type ChangeReason =
  /** Its manifest is another one now, or in another place. */
  | 'declared'
  /** Somebody else changed what is declared. */
  | 'drift'
  /** It was there, and no source's. */
  | 'adopted';

export type Action =
  /** Creates the Source object, or writes its spec. */
  | {
      readonly kind: 'record-source';
      readonly source: string;
      readonly spec: Source['spec'];
      readonly inventory: readonly InventoryEntry[];
    }
  /** Grows the inventory, before what it names is created. */
  | { readonly kind: 'record-inventory'; readonly source: string; readonly inventory: readonly InventoryEntry[] }
  | ({ readonly kind: 'create-object'; readonly object: JsonObject } & Origin)
  | ({
      readonly kind: 'patch-object';
      /** Whole, with the resourceVersion it was merged from. */
      readonly object: AnyObject;
      readonly reason: ChangeReason;
      readonly fields: readonly string[];
    } & Origin)
  /** Takes a Service's node ports from it, because another one that has what this one wants is to get them. */
  | ({ readonly kind: 'release-addresses'; readonly object: Service; readonly fields: readonly string[] } & Origin)
  /** Deletes an object that cannot be changed as declared; it is created anew when it is gone. */
  | ({ readonly kind: 'replace-object'; readonly uid: string; readonly fields: readonly string[] } & Origin)
  | {
      readonly kind: 'delete-object';
      readonly source: string;
      /** Which does not declare it. */
      readonly revision: string;
      readonly target: ObjectIdentity;
      readonly uid: string;
    }
  /** Says how it went; shrinks the inventory by what is gone. Remembers the revision where it was applied. */
  | { readonly kind: 'record-status'; readonly source: string; readonly status: Source['status'] };

/** Which declaration an object action carries out. */
export interface Origin {
  readonly source: string;
  readonly revision: string;
  readonly target: ObjectIdentity;
  readonly file: string;
  readonly line: number;
}
