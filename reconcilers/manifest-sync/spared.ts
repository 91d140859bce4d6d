/**
 * What no source deletes although it is declared no more: objects that say so themselves, and the namespaces in which they are.
 * Pure; verdict.ts and object-changes.ts ask.
 */
import { ANNOTATION_PRUNE, ANNOTATION_SOURCE } from '../objects/source.ts';
import { liveOf } from './inventory.ts';
import type { ObjectIdentity, Observed } from './observation.ts';

/** Never deleted, whoever declared it. */
const PERMANENT_NAMESPACES = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

export function isSpared(source: string, identity: ObjectIdentity, observed: Observed): boolean {
  if (saysKeep(source, identity, observed)) return true;
  const { kind, key } = identity;
  if (kind !== 'Namespace') return false;
  if (PERMANENT_NAMESPACES.has(key.name)) return true;
  return observed.live.some(
    (object) =>
      object.metadata.namespace === key.name &&
      object.metadata.annotations?.[ANNOTATION_PRUNE] === 'disabled' &&
      object.metadata.deletionTimestamp === undefined,
  );
}

function saysKeep(source: string, identity: ObjectIdentity, observed: Observed): boolean {
  const annotations = liveOf(observed, identity)?.metadata.annotations ?? {};
  return annotations[ANNOTATION_SOURCE] === source && annotations[ANNOTATION_PRUNE] === 'disabled';
}
