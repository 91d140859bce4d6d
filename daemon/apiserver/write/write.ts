/** POST, PUT and PATCH of objects and their subresources: the body is decoded, the registry changes what is stored. */
import type { ServerResponse } from 'node:http';
import { isJsonObject, type JsonObject, objectAt, textOf } from '../../../reconcilers/objects/json.ts';
import { type AnyObject, KINDS, type Kind, type KindInfo, type ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import { type Draft, toTimestamp } from '../../../reconcilers/objects/meta.ts';
import { isSampanError, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ModifyOptions } from '../../../reconcilers/ports/object-client.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { Exchange } from '../exchange.ts';
import { representationOf } from '../representation.ts';
import type { ResourceRequest } from '../request-info.ts';
import { sendText } from '../send.ts';
import type { ObjectServices } from '../services.ts';
import { warn } from '../warnings.ts';
import { objectOfBody, placed } from './object-body.ts';
import { isApply, type PatchRequest, patchedBy } from './patched.ts';
import { changeWarning } from './source-warnings.ts';
import { tracked } from './tracked.ts';
import type { View } from './view.ts';
import { requestedWrite } from './write-options.ts';

export async function serveCreate(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  services: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const options = requestedWrite(asked.query, request.headers, 'CreateOptions');
  const draft = placed(objectOfBody(body, view, options.fieldValidation, response), asked);
  if (draft.metadata.resourceVersion) {
    throw new SampanError('BadRequest', { detail: 'resourceVersion should not be set on objects to be created' });
  }
  const writer = { manager: options.fieldManager, time: toTimestamp(services.clock.now()) };
  await create(exchange, asked, view, tracked(asked, undefined, draft, writer), options.dryRun, services);
}

export async function serveUpdate(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  services: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const options = requestedWrite(asked.query, request.headers, 'UpdateOptions');
  const given = placed(objectOfBody(body, view, options.fieldValidation, response), asked);
  const writer = { manager: options.fieldManager, time: toTimestamp(services.clock.now()) };
  const change = (current: AnyObject) => tracked(asked, current, view.changed(current, asObject(given)), writer);
  const insisted = preconditionsOf(given);
  try {
    await modify(exchange, asked, view, change, { dryRun: options.dryRun, ...insisted }, services);
  } catch (error) {
    const creates = asked.info.createdByUpdate && asked.subresource === '' && isSampanError(error, 'NotFound');
    if (!creates || Object.keys(insisted).length > 0) throw error;
    await create(exchange, asked, view, tracked(asked, undefined, given, writer), options.dryRun, services);
  }
}

export async function servePatch(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  services: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const options = requestedWrite(asked.query, request.headers, 'PatchOptions');
  const time = toTimestamp(services.clock.now());
  const patch: PatchRequest = { asked, view, body, options, time, contentType: request.headers['content-type'] ?? '' };
  // A patch that names a version or a uid insists on them.
  const insisted = preconditionsOf(isJsonObject(body.value) ? body.value : {});
  const change = (current: AnyObject) => patchedBy(patch, current, response);
  try {
    await modify(exchange, asked, view, change, { dryRun: options.dryRun, ...insisted }, services);
  } catch (error) {
    const creates = isApply(patch) && asked.subresource === '' && isSampanError(error, 'NotFound');
    if (!creates || Object.keys(insisted).length > 0) throw error;
    await create(exchange, asked, view, patchedBy(patch, undefined, response), options.dryRun, services);
  }
}

async function create(
  exchange: Exchange,
  { info }: ResourceRequest,
  view: View,
  draft: JsonObject,
  dryRun: boolean,
  { client, clock }: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const as = representationOf(view, request.headers.accept, null, () => clock.now());
  const own = withoutStatus(info, draft) as unknown as Draft<ObjectOf<Kind>>;
  demand(view, draft, undefined);
  const created = await client.create(info.kind, own, { dryRun });
  exchange.audited.name = created.metadata.name;
  warnOfEffects(view, created, response);
  await sendText(exchange, 201, as.contentType, as.one(dryRun ? withoutVersion(created) : created));
}

/** Writes what `change` makes of the stored object, warns where a source will put it back, and answers with what is stored. */
async function modify(
  exchange: Exchange,
  { info, namespace, name, query }: ResourceRequest,
  view: View,
  change: (current: AnyObject) => JsonObject,
  options: ModifyOptions,
  { client, clock }: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const as = representationOf(view, request.headers.accept, query.get('includeObject'), () => clock.now());
  let before: AnyObject | undefined;
  const changed = (current: AnyObject) => {
    before = current;
    const next = change(current);
    demand(view, next, current as unknown as JsonObject);
    return asObject(next);
  };
  const stored = await client.modify(
    info.kind,
    { namespace, name },
    changed as (current: ObjectOf<Kind>) => ObjectOf<Kind>,
    { ...options, part: view.part },
  );
  const text = before && view.part === 'spec' ? changeWarning(before, stored) : undefined;
  if (text !== undefined) warn(response, text);
  warnOfEffects(view, stored, response);
  await sendText(exchange, 200, as.contentType, as.one(stored));
}

/** Says what of the object has no effect. */
function warnOfEffects({ part }: View, object: AnyObject, response: ServerResponse): void {
  if (part !== 'spec') return;
  for (const text of KINDS[object.kind].warnings(object as unknown as JsonObject)) warn(response, text);
}

/** Invalid where the path demands more than the kind itself does. */
function demand(view: View, next: JsonObject, previous: JsonObject | undefined): void {
  const problems = view.problems?.(next, previous) ?? [];
  if (problems.length === 0) return;
  const { kind, apiVersion } = view;
  const name = textOf(objectAt(next, 'metadata')?.name);
  const [group] = apiVersion.split('/');
  throw new SampanError('Invalid', {
    kind: `${kind}.${group}`,
    name,
    detail: problems.map(String).join(', '),
    problems,
  });
}

function preconditionsOf({ metadata }: JsonObject): ModifyOptions {
  const { uid, resourceVersion } = isJsonObject(metadata) ? metadata : {};
  return {
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
  };
}

/** A status is for its own writers to say, through its own path; only a Node comes with one, from the kubelet that registers it. */
function withoutStatus({ kind, hasStatus }: KindInfo, draft: JsonObject): JsonObject {
  if (!hasStatus || kind === 'Node') return draft;
  const { status: _status, ...own } = draft;
  return own;
}

/** What was not written has none. */
function withoutVersion(object: AnyObject): AnyObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata } as AnyObject;
}

function asObject(body: JsonObject): AnyObject {
  return body as unknown as AnyObject;
}
