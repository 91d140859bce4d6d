/** What a PATCH makes of an object: by one of the patch types, or by applying a configuration. Pure but for warnings. */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { AnyObject } from '../../../reconcilers/objects/kinds.ts';
import { typeOfKind } from '../../../reconcilers/objects/schema.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import { applyApplyPatch } from '../patch/apply-patch.ts';
import { APPLY_PATCH, applyPatch, mediaTypeOf } from '../patch/patch.ts';
import { problemsOfPatchOptions } from '../patch/patch-options.ts';
import type { ResourceRequest } from '../request-info.ts';
import { objectOfBody, placed } from './object-body.ts';
import { tracked } from './tracked.ts';
import type { View } from './view.ts';
import type { RequestedWrite } from './write-options.ts';

export interface PatchRequest {
  readonly asked: ResourceRequest;
  readonly view: View;
  readonly body: ParsedBody;
  readonly options: RequestedWrite;
  readonly contentType: string;
  /** Now, as timestamps have it. */
  readonly time: string;
}

export function isApply({ contentType }: Pick<PatchRequest, 'contentType'>): boolean {
  return mediaTypeOf(contentType) === APPLY_PATCH;
}

/** The object to store; `current` undefined: an apply that creates it. */
export function patchedBy(patch: PatchRequest, current: AnyObject | undefined, response: ServerResponse): JsonObject {
  const { asked, contentType } = patch;
  const problems = problemsOfPatchOptions(contentType, asked.query);
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: 'PatchOptions.meta.k8s.io', name: '', detail, problems });
  }
  return isApply(patch) ? applied(patch, current, response) : changed(patch, current as AnyObject, response);
}

function changed(patch: PatchRequest, current: AnyObject, response: ServerResponse): JsonObject {
  const { asked, view, body, options, contentType, time } = patch;
  const value = applyPatch(contentType, view.shown(current), body.value, typeOfKind(view.kind));
  const object = placed(objectOfBody({ ...body, value }, view, options.fieldValidation, response), asked);
  const next = view.changed(current, object as unknown as AnyObject);
  return tracked(asked, current, next, { manager: options.fieldManager, time });
}

function applied(patch: PatchRequest, current: AnyObject | undefined, response: ServerResponse): JsonObject {
  const { asked, view, body, options, time } = patch;
  const { kind, apiVersion } = view;
  const result = applyApplyPatch({
    type: typeOfKind(kind),
    kind,
    apiVersion,
    hasStatus: asked.info.hasStatus,
    live: current && (view.shown(current) as unknown as JsonObject),
    applied: body.value,
    manager: options.fieldManager,
    force: options.force,
    time,
    ...(asked.subresource !== '' && { subresource: asked.subresource }),
  });
  const object = placed(objectOfBody({ ...body, value: result }, view, options.fieldValidation, response), asked);
  return current === undefined
    ? object
    : (view.changed(current, object as unknown as AnyObject) as unknown as JsonObject);
}
