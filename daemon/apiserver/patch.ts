/** The patch types of the API: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396). Pure. */
import { applyPatch as applyOperations, type Operation } from 'rfc6902';
import { SampanError } from '../../reconcilers/ports/errors.ts';

/** `target` as `patch` changes it; `target` itself stays. BadRequest where the patch does not fit. */
export function applyPatch(contentType: string, target: object, patch: unknown): unknown {
  switch (contentType.split(';')[0]?.trim()) {
    case 'application/json-patch+json':
      return jsonPatch(target, patch);
    case 'application/merge-patch+json':
      return mergePatch(target, patch);
    default:
      throw new SampanError('BadRequest', {
        detail: `patches of type "${contentType}" are not served; use application/merge-patch+json or application/json-patch+json`,
      });
  }
}

function jsonPatch(target: object, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new SampanError('BadRequest', { detail: 'a JSON Patch is a list of operations' });
  const copy = structuredClone(target);
  const failed = applyOperations(copy, patch as Operation[]).find((result) => result !== null);
  if (failed) throw new SampanError('BadRequest', { detail: `the patch does not apply: ${failed.message}` }, failed);
  return copy;
}

/** RFC 7396: null removes, objects merge, everything else replaces. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
