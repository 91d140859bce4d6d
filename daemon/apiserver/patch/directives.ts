/** The directives a strategic merge patch may hold, and what both its halves need for them. Pure. */
import { isJsonObject, type Json, type JsonObject, setMember } from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';

/** `$patch: delete | replace`. */
export const DIRECTIVE = '$patch';
export const RETAIN_KEYS = '$retainKeys';
export const SET_ORDER = '$setElementOrder/';
export const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';

/**
 * What a patch says of something that is not there yet: its nulls, directives and deletions have nothing to act on and go. (The API
 * server leaves `$retainKeys` and `$setElementOrder` in place here, and later drops them as unknown fields.)
 */
export function withoutDirectives(value: Json): Json {
  if (Array.isArray(value)) return value.filter((item) => !carriesDirective(item)).map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const isDirective =
      key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM_LIST);
    if (isDirective || member === null || member === undefined || deletes(member)) continue;
    setMember(result, key, withoutDirectives(member));
  }
  return result;
}

function carriesDirective(item: Json): boolean {
  return isJsonObject(item) && item[DIRECTIVE] !== undefined;
}

function deletes(value: Json): boolean {
  return isJsonObject(value) && value[DIRECTIVE] === 'delete';
}

export function badPatch(detail: string): SampanError {
  return new SampanError('BadRequest', { detail });
}

/** A value as Go's `%v` prints it, as Kubernetes' messages quote patches: `map[image:i name:c]`. */
export function goText(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const members = Object.keys(value).toSorted();
  return `map[${members.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}
