/**
 * The way from client-side to server-side apply: what `kubectl apply` noted in its annotation is kubectl's own, so its server-side
 * apply may take it over, and keeps the annotation up to date where there is one. Pure.
 */
import { isJsonObject, type Json, type JsonObject, objectAt, stableJson } from '../json.ts';
import { compareObjects } from './compare.ts';
import { difference, pathsOf } from './field-set.ts';
import { withoutManagers } from './managers.ts';
import { setOf } from './set-of-object.ts';
import { structureOf } from './structure.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The paths of the annotation's fields that still have the values it names. */
export function allowedByLastApplied(live: JsonObject, type: string, apiVersion: string): ReadonlySet<string> {
  const last = parse(objectAt(objectAt(live, 'metadata'), 'annotations')?.[LAST_APPLIED]);
  if (last === undefined || last.apiVersion !== apiVersion) return new Set();
  const structure = structureOf(type);
  const { added, modified, removed } = compareObjects(last, withoutManagers(live), structure);
  const unchanged = [modified, added, removed].reduce(difference, setOf(last, structure));
  return new Set(pathsOf(unchanged));
}

function parse(text: Json | undefined): JsonObject | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `object`, its annotation as if `applied` had been applied by the client; untouched where it has no such annotation. */
export function syncLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  if (typeof annotations?.[LAST_APPLIED] !== 'string' || annotations[LAST_APPLIED] === '') return object;
  const text = `${stableJson(withoutAnnotation(applied))}\n`;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}

function withoutAnnotation(applied: JsonObject): JsonObject {
  const metadata = objectAt(applied, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  if (annotations === undefined) return applied;
  const { [LAST_APPLIED]: _, ...rest } = annotations;
  return { ...applied, metadata: { ...metadata, annotations: rest } };
}
