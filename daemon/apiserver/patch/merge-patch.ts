/** JSON merge patch (RFC 7396). `kubectl patch --type merge`, label, annotate and scale send it. Pure. */
import {
  copyJson,
  isJsonObject,
  type Json,
  type JsonObject,
  ownMember,
  setMember,
} from '../../../reconcilers/objects/json.ts';

/** Null removes, objects merge, everything else replaces. */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = copyJson(target);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[name];
    else setMember(merged, name, mergeValue(ownMember(merged, name), value));
  }
  return merged;
}

function mergeValue(target: Json | undefined, patch: Json): Json {
  return isJsonObject(patch) ? applyMergePatch(isJsonObject(target) ? target : {}, patch) : copyJson(patch);
}
