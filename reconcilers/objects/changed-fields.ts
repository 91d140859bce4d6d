/** Which fields of two objects differ, as paths. The merge says with it what it changed, pod validation what may not change. */
import { child, element } from './field-path.ts';
import { equalJson, isJsonObject, type Json, type JsonObject, ownMember } from './json.ts';

/** The paths of the outermost values that differ: `spec.replicas`, `spec.ports[1]`, or a list whose length changed. */
export function changedFields(before: JsonObject, after: JsonObject): string[] {
  const changed: string[] = [];
  const compare = (a: Json | undefined, b: Json | undefined, path: string): void => {
    if (isJsonObject(a) && isJsonObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare(ownMember(a, key), ownMember(b, key), child(path, key));
      }
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      for (const [i, item] of a.entries()) compare(item, b[i], element(path, i));
    } else if (!equalJson(a, b)) {
      changed.push(path);
    }
  };
  compare(before, after, '');
  return changed;
}
