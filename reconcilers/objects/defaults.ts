/**
 * Kubernetes' defaulting of our kinds: what the API server fills in before it validates and stores an object. The registry
 * runs it on every write, the manifest reader before it validates. Never touches its argument.
 *
 * Two deviations: a container's imagePullPolicy stays absent where the author declared none (docs/decisions/0006), and fields
 * that this build does not honour are not invented. Each kind's own is on its page in `kinds/`.
 */
import { setDefault } from './defaulting.ts';
import { copyJson, type JsonObject } from './json.ts';
import { KINDS, type Kind, type ObjectOf } from './kinds.ts';
import type { Draft } from './meta.ts';

/** `object` with every default filled in. It need not be valid: what is missing or misshapen stays for validation to name. */
export function applyDefaults<K extends Kind>(kind: K, object: Draft<ObjectOf<K>> | JsonObject): ObjectOf<K> {
  const result = copyJson(object as JsonObject);
  setDefault(result, 'metadata', {});
  KINDS[kind].setDefaults(result);
  return result as unknown as ObjectOf<K>;
}
