/**
 * Arithmetic of a source's inventory: the list of what it owns, by which removed declarations are found. It names an object before
 * the object is created and until it is gone, so that a crash in between leaves nothing behind unknown. Pure.
 */
import { type AnyObject, KINDS, type Kind } from '../objects/kinds.ts';
import { keyOf } from '../objects/meta.ts';
import { ANNOTATION_SOURCE, type InventoryEntry } from '../objects/source.ts';
import { type Declared, nameOf, type ObjectIdentity, type Observed } from './observation.ts';

export function entryIdentity({ kind, namespace, name }: InventoryEntry): ObjectIdentity {
  return { kind: kind as Kind, key: { namespace, name } };
}

/** Made once per observation: thousands of objects are looked up several times each. */
const liveByName = new WeakMap<readonly AnyObject[], ReadonlyMap<string, AnyObject>>();

export function liveOf({ live }: Observed, identity: ObjectIdentity): AnyObject | undefined {
  let byName = liveByName.get(live);
  if (byName === undefined) {
    byName = new Map(live.map((object) => [nameOf({ kind: object.kind, key: keyOf(object) }), object]));
    liveByName.set(live, byName);
  }
  return byName.get(nameOf(identity));
}

/** With all that is declared in it: what must be recorded before anything is created. */
export function grownBy(inventory: readonly InventoryEntry[], documents: readonly Declared[]): InventoryEntry[] {
  const declared = documents.map(toEntry);
  const names = new Set(documents.map(nameOf));
  return [...declared, ...inventory.filter((entry) => !names.has(nameOf(entryIdentity(entry))))];
}

/** Without what is neither declared any more nor there: what remains to be recorded afterwards. */
export function shrunkTo(
  source: string,
  inventory: readonly InventoryEntry[],
  documents: readonly Declared[],
  observed: Observed,
): InventoryEntry[] {
  const names = new Set(documents.map(nameOf));
  return grownBy(inventory, documents).filter((entry) => {
    const identity = entryIdentity(entry);
    if (names.has(nameOf(identity))) return true;
    return liveOf(observed, identity)?.metadata.annotations?.[ANNOTATION_SOURCE] === source;
  });
}

export function namesMore(after: readonly InventoryEntry[], before: readonly InventoryEntry[]): boolean {
  const known = new Set(before.map((entry) => nameOf(entryIdentity(entry))));
  return after.some((entry) => !known.has(nameOf(entryIdentity(entry))));
}

function toEntry({ kind, key, file, line }: Declared): InventoryEntry {
  return { apiVersion: KINDS[kind].apiVersion, kind, ...key, file, line };
}
