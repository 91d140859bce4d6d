/**
 * Server-side apply as a PATCH: the configuration is checked, applied, and what stands in its way becomes an error of the API. The
 * merge itself is `reconcilers/objects/managed-fields/`. Pure.
 */
import { isJsonObject, type JsonObject } from '../../../reconcilers/objects/json.ts';
import { type ApplyRequest, applyServerSide } from '../../../reconcilers/objects/managed-fields/apply.ts';
import { causeOf, describeConflicts } from '../../../reconcilers/objects/managed-fields/conflicts.ts';
import { problemOfApplied } from '../../../reconcilers/objects/managed-fields/problems-of-applied.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';

export interface ApplyPatch extends Omit<ApplyRequest, 'applied'> {
  readonly kind: string;
  /** The parsed body. */
  readonly applied: unknown;
}

/**
 * The object to store, not defaulted yet: `live` itself where there is nothing to write. BadRequest where the configuration is none
 * for this kind, ApplyConflict where others own what it changes.
 */
export function applyApplyPatch(patch: ApplyPatch): JsonObject {
  const { applied } = patch;
  if (!isJsonObject(applied)) throw new SampanError('BadRequest', { detail: 'error decoding YAML: not an object' });
  const problem = problemOfApplied(applied, patch.type, patch.apiVersion, patch.kind);
  if (problem !== undefined) throw new SampanError('BadRequest', { detail: problem });
  const result = applyServerSide({ ...patch, applied });
  if ('object' in result) return result.object;
  const detail = describeConflicts(result.conflicts);
  throw new SampanError('ApplyConflict', { detail, causes: result.conflicts.map(causeOf) });
}
