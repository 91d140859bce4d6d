/** POST of an Eviction to `pods/NAME/eviction`: a deletion that asks the pod's disruption budget first, as `kubectl drain` does. */
import { evictPod } from '../../../reconcilers/kit/eviction.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import { SUCCESS } from '../../serving/status.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { Exchange } from '../exchange.ts';
import type { ResourceRequest } from '../request-info.ts';
import type { ObjectServices } from '../services.ts';
import { deleteOptionsOf } from './delete.ts';
import { objectOfBody } from './object-body.ts';
import { requestedWrite } from './write-options.ts';

export async function serveEviction(
  { request, response }: Exchange,
  { namespace, name, query }: ResourceRequest,
  body: ParsedBody,
  services: ObjectServices,
): Promise<void> {
  const { fieldValidation } = requestedWrite(query, request.headers, 'CreateOptions');
  const eviction = objectOfBody(body, { kind: 'Eviction', apiVersion: 'policy/v1' }, fieldValidation, response);
  await evictPod({ namespace, name }, deleteOptionsOf(query, eviction.deleteOptions), services);
  sendJson(response, 201, { ...SUCCESS, code: 201 });
}
