/**
 * Keeps a write that changes nothing but the times in managedFields from being one. Applying calls it, and the registry once more
 * after defaulting, which may have made equal what was spelt otherwise (`0.5` and `500m`). Pure.
 */
import { equalJson, type JsonObject, objectAt } from '../json.ts';
import { type Manager, printManagers, readManagers, withoutManagers } from './managers.ts';

/** `before` itself where `after` differs from it in nothing but those times; else `after`. */
export function keepUnmovedTimes(before: JsonObject | undefined, after: JsonObject): JsonObject {
  if (before === undefined || !equalJson(withoutManagers(before), withoutManagers(after))) return after;
  const [old, now] = [readManagers(before), readManagers(after)];
  if (old === undefined || now === undefined) return after;
  const still = new Map<string, Manager>();
  for (const [identity, manager] of now) {
    const { time } = old.get(identity) ?? {};
    still.set(identity, time === undefined ? manager : { ...manager, time });
  }
  return equalJson(printManagers(still), objectAt(before, 'metadata')?.managedFields) ? before : after;
}
