/** POST of a Binding, to `pods/NAME/binding` or to `bindings`: assigns a pod to a node, as a scheduler does. */
import { type JsonObject, objectAt, textOf } from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import { SUCCESS } from '../../serving/status.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { Exchange } from '../exchange.ts';
import type { ObjectServices } from '../services.ts';
import { objectOfBody } from './object-body.ts';
import { requestedWrite } from './write-options.ts';

export async function serveBinding(
  { request, response }: Exchange,
  { namespace, name, query }: { readonly namespace: string; readonly name: string; readonly query: URLSearchParams },
  body: ParsedBody,
  { client }: ObjectServices,
): Promise<void> {
  const { fieldValidation, dryRun } = requestedWrite(query, request.headers, 'CreateOptions');
  const binding = objectOfBody(body, { kind: 'Binding', apiVersion: 'v1' }, fieldValidation, response);
  const key = { namespace, name: name || textOf(objectAt(binding, 'metadata')?.name) };
  const node = textOf(objectAt(binding, 'target')?.name);
  if (node === '') throw new SampanError('BadRequest', { detail: 'target.name: Required value' });
  const pod = await client.get('Pod', key);
  if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name: key.name });
  const uid = textOf(objectAt(binding, 'metadata')?.uid) || pod.metadata.uid;
  if (!dryRun) await client.bindPod(key, uid, node);
  sendJson(response, 201, { ...SUCCESS, code: 201 } satisfies JsonObject);
}
