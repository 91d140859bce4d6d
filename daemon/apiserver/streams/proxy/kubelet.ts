/** `nodes/NAME/proxy`: what Kubernetes answers from the node's kubelet, as far as this node's own agent, the daemon, has it. */
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../../reconcilers/ports/object-client.ts';
import { type Exchange, sendJson } from '../../exchange.ts';
import type { ResourceRequest } from '../../request-info.ts';
import { parseProxyName } from './target.ts';

export async function serveKubelet(
  { response }: Pick<Exchange, 'response'>,
  asked: ResourceRequest,
  { client, nodeName }: { readonly client: ObjectClient; readonly nodeName: string },
): Promise<void> {
  const node = parseProxyName(asked.name)?.name;
  if (node !== nodeName) {
    const detail = `node ${node} has an agent and an API of its own; this one answers for ${nodeName}`;
    throw new SampanError('ServiceUnavailable', { detail });
  }
  switch (asked.path.replace(/\/+$/, '')) {
    case '/healthz':
      return void response.end('ok');
    case '/pods': {
      const { items } = await client.list('Pod');
      const own = items.filter(({ spec }) => spec.nodeName === nodeName);
      return sendJson(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: own });
    }
    default:
      throw new SampanError('NotFound', { resource: 'nodes/proxy', name: asked.path });
  }
}
