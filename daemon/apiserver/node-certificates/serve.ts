/**
 * `POST /apis/sampan.dev/v1/nodes/NAME/certificate`: a request for a node's certificate in, the certificate and its authority out. The
 * agent asks it, to join and to renew.
 */
import { isJsonObject, objectAt, textOf } from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import type { Exchange } from '../exchange.ts';
import { readBody } from '../request-body.ts';
import type { NodeCertificates } from './node-certificates.ts';

const TYPE = { kind: 'NodeCertificate', apiVersion: 'sampan.dev/v1' } as const;

/** Answers the request where it is for a node's certificate; false where it is another's. */
export async function serveNodeCertificate(
  { request, response, user, attributes }: Exchange,
  certificates: NodeCertificates | undefined,
): Promise<boolean> {
  if (attributes.type !== 'resource' || certificates === undefined) return false;
  const { group, version, resource, subresource, namespace, name, behind, verb } = attributes;
  if (`${group}/${version}/${resource}/${subresource}` !== 'sampan.dev/v1/nodes/certificate') return false;
  if (namespace !== '' || behind !== '') return false;
  if (verb !== 'create') throw new SampanError('MethodNotAllowed');
  const { value } = await readBody(request);
  const asked = isJsonObject(value) ? textOf(objectAt(value, 'spec')?.request) : '';
  if (asked === '') throw new SampanError('BadRequest', { detail: 'spec.request: Required value' });
  const status = await certificates.issue(name, asked, user);
  sendJson(response, 201, { ...TYPE, metadata: { name }, status });
  return true;
}
