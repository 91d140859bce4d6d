/**
 * The patch types of the API, by media type: JSON Patch, JSON merge patch and strategic merge patch. A PATCH request comes through
 * here, once per attempt; server-side apply does not, for it needs the managers of the fields. Pure.
 */
import { isJsonObject, type JsonObject } from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** What a PATCH may carry, in Kubernetes' order. */
export const PATCH_TYPES: readonly string[] = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH];

/**
 * `target` as `patch`, the parsed body, changes it; `target` itself stays. `type` is the object's type in schema.ts (`Pod`): it
 * says which lists a strategic merge merges by key. BadRequest where the patch is none, PatchRejected where it does not fit the
 * object, UnsupportedMediaType for every other media type.
 */
export function applyPatch(contentType: string, target: object, patch: unknown, type: string): JsonObject {
  const object = target as JsonObject;
  switch (mediaTypeOf(contentType)) {
    case JSON_PATCH:
      return applyJsonPatch(object, patch);
    case MERGE_PATCH:
      return applyMergePatch(object, objectOf(patch, 'Invalid JSON Patch'));
    case STRATEGIC_MERGE_PATCH:
      return applyStrategicMergePatch(object, objectOf(patch, 'invalid JSON document'), type);
    default:
      throw new SampanError('UnsupportedMediaType', { supported: PATCH_TYPES.join(', ') });
  }
}

/** `application/json; charset=utf-8` → `application/json`. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function objectOf(patch: unknown, otherwise: string): JsonObject {
  if (!isJsonObject(patch)) throw new SampanError('BadRequest', { detail: otherwise });
  return patch;
}
