/** The steps that defaulting is made of, for the pages of `kinds/`. They change their argument in place. */
import { copyJson, type Json, type JsonObject, objectAt } from './json.ts';

/** Absent and null both mean "not given"; so does the empty string, as Go cannot tell it from absent. */
export function setDefault(object: JsonObject, field: string, value: Json | undefined): void {
  const current = Object.hasOwn(object, field) ? object[field] : undefined;
  if (current === undefined || current === null || current === '') setDefined(object, field, copyJson(value));
}

export function setDefined(object: JsonObject, field: string, value: Json | undefined): void {
  if (value !== undefined) object[field] = value;
}

/** The object's member `field`, made where it is absent. Where something else stands there, a loose object: nothing is lost. */
export function defaultObject(object: JsonObject, field: string): JsonObject {
  setDefault(object, field, {});
  return objectAt(object, field) ?? {};
}

export function isZero(value: Json | undefined): boolean {
  return value === undefined || value === null || value === 0 || value === '';
}

export function isEmpty(value: Json | undefined): boolean {
  return isZero(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
