/**
 * What a write may change of a stored object, and what the server keeps: identity, times, the part that is somebody else's,
 * the generation. Pure; the registry applies it to every write. Source: apiserver's rest.BeforeUpdate and the kinds' strategies.
 */
import { isDeepStrictEqual } from 'node:util';
import { applyDefaults } from '../../objects/defaults.ts';
import { type FieldError, invalid } from '../../objects/field-error.ts';
import type { JsonObject } from '../../objects/json.ts';
import { KINDS, type Kind, type ObjectOf } from '../../objects/kinds.ts';
import type { ObjectMeta } from '../../objects/meta.ts';
import type { ObjectPart } from '../../ports/object-client.ts';

type Parts = { readonly spec?: unknown; readonly status?: unknown };

/** `given` as it may be stored in place of `current`: defaulted, and only `part` of it taken over. */
export function nextOf<K extends Kind>(
  kind: K,
  current: ObjectOf<K>,
  given: ObjectOf<K>,
  part: ObjectPart,
): ObjectOf<K> {
  const next = applyDefaults(kind, plain(partOf(kind, current, given, part)));
  if (part === 'spec') KINDS[kind].prepareForUpdate(json(next), json(current));
  return next;
}

/** What names another object than the stored one is no change of it. */
export function changedIdentity(current: ObjectMeta, { uid }: Partial<ObjectMeta>): FieldError[] {
  return !uid || uid === current.uid ? [] : [invalid('metadata.uid', uid, 'field is immutable')];
}

/** Drops members that are undefined, so that equal objects are equal as JSON. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The generation counts changes of what is wished: all but metadata and status. */
export function withGeneration<K extends Kind>(kind: K, current: ObjectOf<K>, next: ObjectOf<K>): ObjectOf<K> {
  const wish = (object: ObjectOf<K>) => ({ ...object, metadata: undefined, status: undefined });
  if (!KINDS[kind].hasStatus || isDeepStrictEqual(wish(current), wish(next))) return next;
  return { ...next, metadata: { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 } };
}

function partOf<K extends Kind>(kind: K, current: ObjectOf<K>, given: ObjectOf<K>, part: ObjectPart): ObjectOf<K> {
  const metadata = metadataOf(current.metadata, given.metadata);
  const stored = current as Parts;
  const wanted = given as Parts;
  switch (part) {
    case 'status':
      return { ...current, metadata, status: wanted.status };
    case 'finalizers':
      return { ...current, spec: wanted.spec };
    case 'whole':
      return { ...given, metadata };
    default:
      return {
        ...given,
        apiVersion: current.apiVersion,
        kind: current.kind,
        metadata,
        ...(KINDS[kind].hasStatus && { status: stored.status }),
      };
  }
}

/** What only the server says of an object stays as it is. */
function metadataOf(current: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion } =
    current;
  return {
    ...given,
    uid,
    creationTimestamp,
    ...{ deletionTimestamp, deletionGracePeriodSeconds, generation },
    resourceVersion,
  } as ObjectMeta;
}

function json(object: unknown): JsonObject {
  return object as JsonObject;
}
