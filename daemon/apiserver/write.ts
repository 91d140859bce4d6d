/** POST, PUT, PATCH and DELETE: a body is read, decoded against the kind's schema, and handed to the registry. */
import type { IncomingMessage } from 'node:http';
import { decodeObject } from '../../reconcilers/objects/decode.ts';
import type { AnyObject, Kind, KindInfo, ObjectOf } from '../../reconcilers/objects/kinds.ts';
import { describeProblem } from '../../reconcilers/objects/manifest-problem.ts';
import type { Draft } from '../../reconcilers/objects/meta.ts';
import { isSampanError, SampanError } from '../../reconcilers/ports/errors.ts';
import type { DeleteOptions, ObjectClient } from '../../reconcilers/ports/object-client.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { applyPatch } from './patch.ts';
import { readJson } from './request-body.ts';
import type { ResourceRequest } from './request-info.ts';
import { selectionOf } from './selection.ts';
import { pathNotFound } from './status.ts';

/** How often a patch that lost a race is made anew. */
const PATCH_RACES = 5;

export async function serveWrite(exchange: Exchange, asked: ResourceRequest, client: ObjectClient): Promise<void> {
  const { request, response } = exchange;
  const { verb, subresource, info } = asked;
  if (info.kind === 'Pod' && subresource === 'binding' && verb === 'create') {
    await bind(asked, await readJson(request), client);
    return sendJson(response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  }
  if (subresource !== '' && !(subresource === 'status' && info.hasStatus && (verb === 'update' || verb === 'patch'))) {
    return sendJson(response, 404, pathNotFound());
  }
  switch (verb) {
    case 'create': {
      const created = await create(asked, await readJson(request), client);
      exchange.audited.name = created.metadata.name;
      return sendJson(response, 201, created);
    }
    case 'update':
      return sendJson(response, 200, await replace(asked, await readJson(request), client));
    case 'patch':
      return sendJson(response, 200, await patch(asked, request, client));
    case 'delete':
      return sendJson(response, 200, await remove(asked, await readJson(request), client));
    case 'deletecollection':
      return sendJson(response, 200, await removeAll(asked, client));
    default:
      throw new SampanError('MethodNotAllowed');
  }
}

async function create(asked: ResourceRequest, body: unknown, client: ObjectClient): Promise<AnyObject> {
  const draft = decode(asked.info, body);
  return client.create(asked.info.kind, inNamespace(draft, asked) as unknown as Draft<ObjectOf<Kind>>);
}

async function replace(asked: ResourceRequest, body: unknown, client: ObjectClient): Promise<AnyObject> {
  const object = inNamespace(decode(asked.info, body), asked) as AnyObject;
  if (object.metadata.name !== asked.name) {
    throw new SampanError('BadRequest', {
      detail: `the name of the object (${object.metadata.name}) does not match the name on the URL (${asked.name})`,
    });
  }
  return writeBack(asked, object, client);
}

async function patch(asked: ResourceRequest, request: IncomingMessage, client: ObjectClient): Promise<AnyObject> {
  const body = await readJson(request);
  for (let race = 1; ; race++) {
    const current = await client.get(asked.info.kind, asked);
    if (current === undefined) throw new SampanError('NotFound', { resource: asked.info.plural, name: asked.name });
    const patched = decode(asked.info, applyPatch(request.headers['content-type'] ?? '', current, body)) as AnyObject;
    try {
      return await writeBack(asked, patched, client);
    } catch (error) {
      const insists = (body as { metadata?: { resourceVersion?: string } })?.metadata?.resourceVersion !== undefined;
      if (insists || race >= PATCH_RACES || !isSampanError(error, 'Conflict')) throw error;
    }
  }
}

function writeBack(asked: ResourceRequest, object: AnyObject, client: ObjectClient): Promise<AnyObject> {
  const { kind } = asked.info;
  return asked.subresource === 'status' ? client.updateStatus(kind, object) : client.update(kind, object);
}

async function remove(asked: ResourceRequest, body: unknown, client: ObjectClient): Promise<AnyObject> {
  const object = await client.delete(asked.info.kind, asked, deleteOptions(asked.query, body));
  if (object === undefined) throw new SampanError('NotFound', { resource: asked.info.plural, name: asked.name });
  return object;
}

async function removeAll(asked: ResourceRequest, client: ObjectClient): Promise<unknown> {
  const { info, namespace } = asked;
  const { items, revision } = await client.list(info.kind, namespace === '' ? {} : { namespace });
  const selected = (items as AnyObject[]).filter(selectionOf(asked));
  for (const { metadata } of selected) {
    await client.delete(info.kind, { namespace: metadata.namespace ?? '', name: metadata.name }, { uid: metadata.uid });
  }
  const metadata = { resourceVersion: String(revision) };
  return { kind: `${info.kind}List`, apiVersion: info.apiVersion, metadata, items: selected };
}

async function bind(asked: ResourceRequest, body: unknown, client: ObjectClient): Promise<void> {
  const { target, metadata } = body as { target?: { name?: string }; metadata?: { uid?: string } };
  if (typeof target?.name !== 'string') throw new SampanError('BadRequest', { detail: 'target.name: Required value' });
  const pod = await client.get('Pod', asked);
  if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name: asked.name });
  await client.bindPod(asked, metadata?.uid ?? pod.metadata.uid, target.name);
}

/** DeleteOptions of the body, then of the query. */
function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = (body ?? {}) as {
    gracePeriodSeconds?: number;
    preconditions?: { uid?: string; resourceVersion?: string };
  };
  const grace =
    given.gracePeriodSeconds ?? (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  const { uid, resourceVersion } = given.preconditions ?? {};
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}

function decode(info: KindInfo, body: unknown): unknown {
  const { object, problems } = decodeObject(body, info);
  if (problems.length === 0) return object;
  throw new SampanError('BadRequest', {
    detail: `${info.kind} in version "${info.apiVersion}" cannot be handled as a ${info.kind}: strict decoding error: ${problems.map(describeProblem).join(', ')}`,
  });
}

/** The URL says where the object goes; a body may repeat it, not contradict it. */
function inNamespace(object: unknown, asked: ResourceRequest): unknown {
  const { metadata } = object as { metadata?: { namespace?: string } };
  if (!asked.info.namespaced) return object;
  if (metadata?.namespace !== undefined && metadata.namespace !== asked.namespace) {
    throw new SampanError('BadRequest', {
      detail: `the namespace of the provided object does not match the namespace sent on the request (${asked.namespace})`,
    });
  }
  return { ...(object as object), metadata: { ...metadata, namespace: asked.namespace } };
}
