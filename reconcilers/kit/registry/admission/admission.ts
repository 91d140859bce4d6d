/**
 * What may look at a write before it is stored: complete the object, refuse it, or add to its transaction. For rules that need to
 * see other objects; a kind's own rules are on its page. The registry asks each in turn, on every attempt of a write.
 */
import type { AnyObject } from '../../../objects/kinds.ts';
import type { Condition, Write } from '../../../ports/store.ts';

export type AdmittedWrite =
  | { readonly operation: 'create'; readonly object: AnyObject }
  | { readonly operation: 'update'; readonly object: AnyObject; readonly previous: AnyObject }
  /** The object goes now; one that is only marked for deletion is an update. */
  | { readonly operation: 'delete'; readonly object: AnyObject };

/** What a write adds to its transaction. Where a condition fails, the whole write is made anew. */
export interface Addition {
  readonly conditions: readonly Condition[];
  readonly writes: readonly Write[];
  /** Called once the write is made or given up. */
  readonly done?: () => void;
}

export const NOTHING: Addition = { conditions: [], writes: [] };

export interface Admission {
  /** May change `object` in place. Throws what the writer is to be told: Forbidden, Invalid, NotFound. */
  admit(write: AdmittedWrite): Promise<Addition>;
}
