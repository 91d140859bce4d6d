/**
 * What the review resources have in common: a question comes as an object's `spec`, the answer goes back in its `status`, and nothing
 * is stored. Shapes, and the reading of fields that nothing has checked yet.
 */
import { isJsonObject, type Json, type JsonObject } from '../../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { UserInfo } from '../user.ts';

export interface ReviewRequest {
  /** `{}` where the body has none. */
  readonly spec: JsonObject;
  /** `{}` where the body has none. */
  readonly metadata: JsonObject;
  /** Who asks. */
  readonly user: UserInfo;
  /** Of the path; '' where it has none. */
  readonly namespace: string;
  readonly name: string;
}

/** The answer: the object's `status`, and `spec` and `metadata` where they are not as they were asked. */
export interface ReviewAnswer {
  readonly status: object;
  readonly spec?: object;
  readonly metadata?: object;
}

export type Review = (request: ReviewRequest) => Promise<ReviewAnswer>;

/** As status and audit have it: `{username, uid, groups, extra}`. */
export function wireUser({ name, uid, groups, extra }: UserInfo): object {
  return { username: name, ...(uid !== undefined && { uid }), groups, ...(extra && { extra }) };
}

/** '' where it is absent; BadRequest where it is no text. */
export function textAt(object: JsonObject, key: string): string {
  const value = object[key] ?? '';
  return typeof value === 'string' ? value : mistyped(key, 'a text', value);
}

/** [] where it is absent; BadRequest where it is no list of texts. */
export function textsAt(object: JsonObject, key: string): readonly string[] {
  const value = object[key] ?? [];
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTexts ? (value as string[]) : mistyped(key, 'a list of texts', value);
}

/** Undefined where it is absent; BadRequest where it is no object. */
export function mappingAt(object: JsonObject, key: string): JsonObject | undefined {
  const value = object[key] ?? undefined;
  return value === undefined || isJsonObject(value) ? value : mistyped(key, 'an object', value);
}

function mistyped(key: string, expected: string, value: Json): never {
  throw new SampanError('BadRequest', { detail: `${key}: expected ${expected}, got ${JSON.stringify(value)}` });
}
