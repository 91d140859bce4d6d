/**
 * Whether a defaulted object may be stored: Kubernetes' validation, in its words. The registry asks on every write, the manifest
 * reader before a commit is accepted. Pure; all errors of an object at once. Each kind's own rules are on its page in `kinds/`.
 */
import type { FieldError } from './field-error.ts';
import type { JsonObject } from './json.ts';
import { KINDS, type Kind, type ObjectOf } from './kinds.ts';
import { validateMetadata, validateMetadataUpdate } from './validation-metadata.ts';

/** What is wrong with `object`, which {@link applyDefaults} has completed; empty where nothing is. */
export function validateObject<K extends Kind>(kind: K, object: ObjectOf<K>): FieldError[] {
  const plain = object as unknown as JsonObject;
  return [...validateMetadata(KINDS[kind], plain), ...KINDS[kind].validate(plain)];
}

/** The same of an object that is new. */
export function validateNewObject<K extends Kind>(kind: K, object: ObjectOf<K>): FieldError[] {
  return [...validateObject(kind, object), ...KINDS[kind].validateCreate(object as unknown as JsonObject)];
}

/** What of the change from `previous` to `next` is not allowed; `next` is valid by itself. */
export function validateUpdate<K extends Kind>(kind: K, next: ObjectOf<K>, previous: ObjectOf<K>): FieldError[] {
  const [after, before] = [next as unknown as JsonObject, previous as unknown as JsonObject];
  return [...validateMetadataUpdate(after, before), ...KINDS[kind].validateUpdate(after, before)];
}
