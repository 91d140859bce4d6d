/**
 * Kinds of apps/v1 that are not served: their lists are there all the same, and empty, since there is none of them. `kubectl cluster-info
 * dump` asks for them whatever discovery says, and ends at the first that it cannot read. Nothing else of them is answered.
 */
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import { sendJson } from '../serving/http-exchange.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './media-types.ts';
import { SERVED_KINDS } from './served-kinds.ts';

const ABSENT = new Map(
  Object.entries({ daemonsets: 'DaemonSet', deployments: 'Deployment', replicasets: 'ReplicaSet' }).filter(
    ([plural]) => !SERVED_KINDS.some((served) => served.plural === plural),
  ),
);

/** Answers the request where it lists such a kind; false where it is another's. */
export async function serveAbsentKinds(
  { request, response, attributes }: Exchange,
  client: Pick<RegistryClient, 'revision'>,
): Promise<boolean> {
  if (attributes.type !== 'resource') return false;
  const { group, version, resource, subresource, name, verb } = attributes;
  const kind = ABSENT.get(resource);
  const isList = verb === 'list' && name === '' && subresource === '';
  if (kind === undefined || `${group}/${version}` !== 'apps/v1' || !isList) return false;
  negotiate(request.headers.accept, [{ type: 'application/json' }]);
  const metadata = { resourceVersion: String(await client.revision()) };
  sendJson(response, 200, { kind: `${kind}List`, apiVersion: 'apps/v1', metadata, items: [] });
  return true;
}
