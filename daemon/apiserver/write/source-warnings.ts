/**
 * What a person is told who changes by hand what a source declares: the change is carried out, and the source's next sync puts it back.
 * https://opengitops.dev: desired state is what is committed. Pure.
 */
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { AnyObject, Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import { threeWayMerge } from '../../../reconcilers/objects/merge.ts';
import {
  ANNOTATION_DECLARED_AT,
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_SOURCE,
} from '../../../reconcilers/objects/source.ts';

/** Undefined where nothing that is declared was changed. */
export function changeWarning(before: AnyObject, after: AnyObject): string | undefined {
  const declared = declaredBy(before);
  if (declared === undefined) return undefined;
  const { kind } = before as { kind: Kind };
  const fields = threeWayMerge(kind, declared, declared, after as ObjectOf<Kind>).changedFields;
  const metadata = fields.filter((field) => !field.startsWith('metadata.annotations[sampan.dev/'));
  if (metadata.length === 0) return undefined;
  return `${ownerOf(before)} declares ${metadata.join(', ')}: its next sync puts back what it says`;
}

export function deletionWarning(object: AnyObject): string | undefined {
  return declaredBy(object) === undefined ? undefined : `${ownerOf(object)} declares it: its next sync makes it again`;
}

/** The manifest as it was last applied. */
function declaredBy({ metadata }: AnyObject): JsonObject | undefined {
  const { annotations = {} } = metadata;
  const declared = annotations[ANNOTATION_LAST_APPLIED];
  if (annotations[ANNOTATION_SOURCE] === undefined || declared === undefined) return undefined;
  try {
    return JSON.parse(declared) as JsonObject;
  } catch {
    return undefined;
  }
}

function ownerOf({ metadata: { annotations = {} } }: AnyObject): string {
  const at = annotations[ANNOTATION_DECLARED_AT];
  return `source ${annotations[ANNOTATION_SOURCE]}${at === undefined ? '' : ` (${at})`}`;
}
