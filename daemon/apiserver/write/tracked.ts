/** A write with the managers of its fields: whoever wrote owns what changed. Called on the way to the registry. Pure. */
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { AnyObject } from '../../../reconcilers/objects/kinds.ts';
import { trackUpdate } from '../../../reconcilers/objects/managed-fields/track-update.ts';
import { keepUnmovedTimes } from '../../../reconcilers/objects/managed-fields/unmoved-times.ts';
import { typeOfKind } from '../../../reconcilers/objects/schema.ts';
import type { ResourceRequest } from '../request-info.ts';

/** `after` as it is to be stored; `before` undefined: it is being created. */
export function tracked(
  { info, subresource }: Pick<ResourceRequest, 'info' | 'subresource'>,
  before: AnyObject | undefined,
  after: JsonObject | AnyObject,
  { manager, time }: { readonly manager: string; readonly time: string },
): JsonObject {
  const { kind, hasStatus, apiVersion } = info;
  const live = before as unknown as JsonObject | undefined;
  const next = applyDefaults(kind, after as JsonObject) as unknown as JsonObject;
  const managedFields = trackUpdate(
    { type: typeOfKind(kind), hasStatus, before: live, after: next },
    { manager, time, ...writtenThrough(subresource, apiVersion) },
  );
  const { managedFields: _given, ...metadata } = next.metadata as JsonObject;
  const result = { ...next, metadata: { ...metadata, ...(managedFields && { managedFields }) } };
  return keepUnmovedTimes(live, result);
}

/** A scale is of a group of its own. */
function writtenThrough(subresource: string, apiVersion: string) {
  if (subresource === '') return { apiVersion };
  return { subresource, apiVersion: subresource === 'scale' ? 'autoscaling/v1' : apiVersion };
}
