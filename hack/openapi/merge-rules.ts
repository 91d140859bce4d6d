/**
 * How OpenAPI says what reconcilers/objects/field-strategies.ts knows of lists and maps: by which key a strategic merge finds an entry,
 * and which entries server-side apply takes for one owner's. Types are named as there.
 */
import type { Schema } from '../../daemon/apiserver/openapi/definitions.ts';
import { ATOMIC_TYPES, strategyOf } from '../../reconcilers/objects/field-strategies.ts';

/** Lists whose entries a patch may replace as a whole but for the keys it names ($retainKeys): `Type.field`. */
const RETAIN_KEYS: ReadonlySet<string> = new Set([
  'PodSpec.resourceClaims',
  'PodSpec.volumes',
  'PodStatus.resourceClaimStatuses',
]);

/** The `x-kubernetes-` fields of a list, a map or an object in a field of `type`. A list without a rule is atomic. */
export function mergeRules(type: string, field: string, of: 'list' | 'map' | 'object'): Schema {
  const { patch, mergeKey, apply } = strategyOf(type, field);
  const retains = RETAIN_KEYS.has(`${type}.${field}`);
  const keys = typeof apply === 'object' ? apply : undefined;
  return {
    ...(keys && { 'x-kubernetes-list-map-keys': keys }),
    ...(of === 'list' && { 'x-kubernetes-list-type': keys ? 'map' : apply === 'set' ? 'set' : 'atomic' }),
    ...(of === 'map' && apply === 'atomic' && { 'x-kubernetes-map-type': 'atomic' }),
    ...(mergeKey !== undefined && { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(patch !== undefined && { 'x-kubernetes-patch-strategy': retains ? `${patch},retainKeys` : patch }),
  };
}

/** Whether server-side apply takes objects of the type as one value. */
export function isAtomic(type: string): boolean {
  return ATOMIC_TYPES.has(type);
}
