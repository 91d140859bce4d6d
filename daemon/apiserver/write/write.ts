/** POST, PUT and PATCH of objects and their subresources: the body is decoded, the registry changes what is stored. */
import { isJsonObject, type JsonObject } from '../../../reconcilers/objects/json.ts';
import type { AnyObject, Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import { typeOfKind } from '../../../reconcilers/objects/schema.ts';
import type { ModifyOptions } from '../../../reconcilers/ports/object-client.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { Exchange } from '../exchange.ts';
import { applyPatch } from '../patch/patch.ts';
import { representationOf } from '../representation.ts';
import type { ResourceRequest } from '../request-info.ts';
import { sendText } from '../send.ts';
import type { ObjectServices } from '../services.ts';
import { warn } from '../warnings.ts';
import { objectOfBody, placed } from './object-body.ts';
import { changeWarning } from './source-warnings.ts';
import type { View } from './view.ts';
import { requestedWrite } from './write-options.ts';

export async function serveCreate(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  { client, clock }: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const { info, query } = asked;
  const { dryRun, fieldValidation } = requestedWrite(query, request.headers['user-agent'], 'CreateOptions');
  const as = representationOf(info, request.headers.accept, null, () => clock.now());
  const draft = placed(objectOfBody(body, info, fieldValidation, response), asked);
  const created = await client.create(info.kind, draft as unknown as Draft<ObjectOf<Kind>>, { dryRun });
  exchange.audited.name = created.metadata.name;
  await sendText(request, response, 201, as.contentType, as.one(dryRun ? withoutVersion(created) : created));
}

export async function serveUpdate(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  services: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const { dryRun, fieldValidation } = requestedWrite(asked.query, request.headers['user-agent'], 'UpdateOptions');
  const given = placed(objectOfBody(body, view, fieldValidation, response), asked);
  const change = () => given;
  await modify(exchange, asked, view, change, { dryRun, ...preconditionsOf(given) }, services);
}

export async function servePatch(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  services: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const { dryRun, fieldValidation } = requestedWrite(asked.query, request.headers['user-agent'], 'PatchOptions');
  const contentType = request.headers['content-type'] ?? '';
  const change = (current: AnyObject): JsonObject => {
    const patched = applyPatch(contentType, view.shown(current), body.value, typeOfKind(view.kind));
    return placed(objectOfBody({ ...body, value: patched }, view, fieldValidation, response), asked);
  };
  // A patch that names a version or a uid insists on them.
  const insisted = preconditionsOf(isJsonObject(body.value) ? body.value : {});
  await modify(exchange, asked, view, change, { dryRun, ...insisted }, services);
}

/** Writes what `change` makes of what the view shows, warns where a source will put it back, and answers with what is stored. */
async function modify(
  { request, response }: Exchange,
  { info, namespace, name, query }: ResourceRequest,
  view: View,
  change: (current: AnyObject) => JsonObject,
  options: ModifyOptions,
  { client, clock }: ObjectServices,
): Promise<void> {
  const as = representationOf(info, request.headers.accept, query.get('includeObject'), () => clock.now());
  let before: AnyObject | undefined;
  const changed = (current: AnyObject) => {
    before = current;
    return view.changed(current, change(current) as unknown as AnyObject);
  };
  const stored = await client.modify(
    info.kind,
    { namespace, name },
    changed as (current: ObjectOf<Kind>) => ObjectOf<Kind>,
    { ...options, part: view.part },
  );
  const text = before && view.part === 'spec' ? changeWarning(before, stored) : undefined;
  if (text !== undefined) warn(response, text);
  await sendText(request, response, 200, as.contentType, as.one(view.shown(stored)));
}

function preconditionsOf({ metadata }: JsonObject): ModifyOptions {
  const { uid, resourceVersion } = isJsonObject(metadata) ? metadata : {};
  return {
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
  };
}

/** What was not written has none. */
function withoutVersion(object: AnyObject): AnyObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata } as AnyObject;
}
