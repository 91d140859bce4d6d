/**
 * What becomes of a live object when a manifest is applied to it: the three-way merge, as the API would take the write, and what of it
 * the API would not. Pure; object-changes.ts plans by it, cluster-problems.ts refuses by it.
 */
import { changedFields } from '../objects/changed-fields.ts';
import { applyDefaults } from '../objects/defaults.ts';
import { type JsonObject, objectAt, stableJson } from '../objects/json.ts';
import { type AnyObject, KINDS } from '../objects/kinds.ts';
import { threeWayMerge } from '../objects/merge.ts';
import { ANNOTATION_DECLARED_AT, ANNOTATION_LAST_APPLIED, ANNOTATION_SOURCE } from '../objects/source.ts';
import { validateUpdate } from '../objects/validation.ts';
import type { Declared } from './observation.ts';

export interface DeclaredMerge {
  readonly object: AnyObject;
  /** Those that change. */
  readonly fields: readonly string[];
  /** Those that cannot. */
  readonly immutable: readonly string[];
}

/** Addresses that are declared no more stay as they were given, for example. */
export function mergeDeclared(
  source: string,
  document: Declared,
  lastApplied: JsonObject | undefined,
  live: AnyObject,
): DeclaredMerge {
  const { kind } = document;
  const { merged } = threeWayMerge(kind, lastApplied, withAnnotations(source, document), live);
  const before = applyDefaults(kind, live) as unknown as JsonObject;
  KINDS[kind].prepareForUpdate(merged as unknown as JsonObject, before);
  const fields = changedFields(before, merged as unknown as JsonObject);
  const immutable = fields.length === 0 ? [] : validateUpdate(kind, merged, live).map(({ field }) => field);
  return { object: merged, fields, immutable };
}

export function withAnnotations(source: string, document: Declared): JsonObject {
  const { manifest } = document;
  const metadata = objectAt(manifest, 'metadata') ?? {};
  const annotations = {
    ...objectAt(metadata, 'annotations'),
    [ANNOTATION_SOURCE]: source,
    [ANNOTATION_DECLARED_AT]: place(document),
    [ANNOTATION_LAST_APPLIED]: stableJson(manifest),
  };
  return { ...manifest, metadata: { ...metadata, annotations } };
}

export function place({ file, line }: Declared): string {
  return `${file}:${line}`;
}

/** A last-applied annotation; undefined where somebody damaged it. */
export function parseManifest(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}
