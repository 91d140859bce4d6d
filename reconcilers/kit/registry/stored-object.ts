/** An object as the store keeps it: JSON without its resourceVersion, which is the revision of its key. Pure. */
import { KINDS, type Kind, type ObjectOf, parseStoreKey } from '../../objects/kinds.ts';
import type { ObjectKey, ObjectMeta } from '../../objects/meta.ts';
import { SampanError } from '../../ports/errors.ts';
import type { ObjectChange } from '../../ports/object-client.ts';
import type { StoredValue, StoreEvent } from '../../ports/store.ts';

/** Internal error where the value is not JSON. */
export function parseStored<K extends Kind>(kind: K, stored: StoredValue): ObjectOf<K> {
  try {
    return withRevision(JSON.parse(stored.value) as ObjectOf<K>, stored.modRevision);
  } catch (cause) {
    throw new SampanError('Internal', { detail: `${kind} at store key ${stored.key} is not JSON` }, cause);
  }
}

export function storedValueOf<T extends { readonly metadata: ObjectMeta }>(object: T): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.stringify({ ...object, metadata });
}

export function withRevision<T extends { metadata: ObjectMeta }>(object: T, revision: number): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** What the store's event means for an object of a kind that is `wanted`. */
export function changeOf(event: StoreEvent, revision: number, wanted: ReadonlySet<Kind>): ObjectChange | undefined {
  const location = parseStoreKey(event.key);
  if (location === undefined || !wanted.has(location.kind)) return undefined;
  const { kind, key } = location;
  const { previous: before } = event;
  if (event.type === 'put') {
    const type = event.value.createRevision === event.value.modRevision ? 'ADDED' : 'MODIFIED';
    const change = { type, kind, object: parseStored(kind, event.value) } as ObjectChange;
    if (before === undefined) return change;
    // Parsed for who asks: a cache has it already.
    return Object.defineProperty(change, 'previous', { enumerable: true, get: () => parseStored(kind, before) });
  }
  const previous = before && parseStored(kind, before);
  const last = previous ?? nameOnly(kind, key);
  return { type: 'DELETED', kind, object: withRevision(last, revision), ...(previous && { previous }) } as ObjectChange;
}

/** A deleted object whose last state is compacted away: its name is all there is. */
function nameOnly(kind: Kind, key: ObjectKey): ObjectOf<Kind> {
  const metadata = { name: key.name, ...(key.namespace !== '' && { namespace: key.namespace }) };
  return { apiVersion: KINDS[kind].apiVersion, kind, metadata } as unknown as ObjectOf<Kind>;
}
