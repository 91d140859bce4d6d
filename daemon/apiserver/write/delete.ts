/** DELETE of one object or of those a selector finds. DeleteOptions come in the body or in the query. */
import { type FieldError, forbidden, unsupported } from '../../../reconcilers/objects/field-error.ts';
import { isJsonObject, type JsonObject, objectAt } from '../../../reconcilers/objects/json.ts';
import { type AnyObject, groupResource, type KindInfo } from '../../../reconcilers/objects/kinds.ts';
import { keyOf } from '../../../reconcilers/objects/meta.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { DeleteOptions, PropagationPolicy } from '../../../reconcilers/ports/object-client.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import { SUCCESS } from '../../serving/status.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { Exchange } from '../exchange.ts';
import { listOptionsOf } from '../list-options.ts';
import { scopeOf } from '../read.ts';
import { representationOf } from '../representation.ts';
import type { ResourceRequest } from '../request-info.ts';
import { sendText } from '../send.ts';
import type { ObjectServices } from '../services.ts';
import { warn } from '../warnings.ts';
import { deletionWarning } from './source-warnings.ts';
import type { View } from './view.ts';

const POLICIES: readonly string[] = ['Background', 'Foreground', 'Orphan'];

export async function serveDelete(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  { client, clock }: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const { info, namespace, name } = asked;
  const options = deleteOptionsOf(asked.query, body.value);
  const as = representationOf(view, request.headers.accept, null, () => clock.now());
  const before = await client.get(info.kind, { namespace, name });
  const text = before && deletionWarning(before);
  if (text !== undefined) warn(response, text);
  const object = await client.delete(info.kind, { namespace, name }, options);
  if (object === undefined) throw new SampanError('NotFound', { resource: groupResource(info), name });
  const isGone = object.metadata.deletionTimestamp === undefined;
  if (isGone && !info.answersDeleted) return sendJson(response, 200, goneStatus(info, object));
  await sendText(exchange, 200, as.contentType, as.one(object));
}

function goneStatus(info: KindInfo, { metadata: { name, uid } }: AnyObject): JsonObject {
  const [kind = '', ...group] = groupResource(info).split('.');
  return { ...SUCCESS, details: { name, ...(group.length > 0 && { group: group.join('.') }), kind, uid } };
}

export async function serveDeleteCollection(
  exchange: Exchange,
  asked: ResourceRequest,
  body: ParsedBody,
  view: View,
  { client, clock, lists }: ObjectServices,
): Promise<void> {
  const { info, query } = asked;
  const { uid: _uid, resourceVersion: _revision, ...options } = deleteOptionsOf(query, body.value);
  const as = representationOf(view, exchange.request.headers.accept, null, () => clock.now());
  const { items, revision } = await lists.list(scopeOf(asked), listOptionsOf(query));
  const deleted: AnyObject[] = [];
  for (const object of items) {
    const { uid } = object.metadata;
    const gone = await client.delete(info.kind, keyOf(object), { ...options, uid }).catch((error: unknown) => {
      // Somebody else was faster, and another has the name by now: this one is gone.
      if (error instanceof SampanError && error.code === 'Conflict') return undefined;
      throw error;
    });
    if (gone !== undefined) deleted.push(gone);
  }
  const text = as.list(deleted, { resourceVersion: String(revision) });
  await sendText(exchange, 200, as.contentType, text);
}

/** What the body says, then the query; Invalid where it is none of what there is. */
export function deleteOptionsOf(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = isJsonObject(body) ? body : {};
  const grace = given.gracePeriodSeconds ?? numberIn(query.get('gracePeriodSeconds'));
  const policy = policyOf(given, query);
  const dryRun = [given.dryRun ?? [], query.getAll('dryRun')].flat().filter((value) => value !== '');
  const problems: FieldError[] = [
    ...dryRun.filter((value) => value !== 'All').map((value) => unsupported('dryRun', value, ['All'])),
    ...(policy === undefined || POLICIES.includes(policy) ? [] : [unsupported('propagationPolicy', policy, POLICIES)]),
    ...(grace !== undefined && !(Number.isInteger(grace) && Number(grace) >= 0)
      ? [forbidden('gracePeriodSeconds', 'must be a whole number that is not negative')]
      : []),
  ];
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: 'DeleteOptions.meta.k8s.io', name: '', detail, problems });
  }
  const { uid, resourceVersion } = objectAt(given, 'preconditions') ?? {};
  return {
    ...(grace !== undefined && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== undefined && { propagationPolicy: policy as PropagationPolicy }),
    ...(dryRun.length > 0 && { dryRun: true }),
    ...(typeof uid === 'string' && { uid }),
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
  };
}

/** `orphanDependents` is what there was before there were policies. */
function policyOf(given: JsonObject, query: URLSearchParams): string | undefined {
  const policy = given.propagationPolicy ?? query.get('propagationPolicy');
  if (typeof policy === 'string' && policy !== '') return policy;
  const orphans = given.orphanDependents ?? query.get('orphanDependents');
  if (orphans === undefined || orphans === null) return undefined;
  return orphans === true || orphans === 'true' ? 'Orphan' : 'Background';
}

function numberIn(text: string | null): number | undefined {
  return text === null || text === '' ? undefined : Number(text);
}
