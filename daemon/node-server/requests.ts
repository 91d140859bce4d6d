/**
 * A node's answers, each path's request to its handler: logs, exec, attach and port-forward of its pods, and what it says of itself. Who
 * may ask is decided before: in server.ts, or by the API server beside it. What streams is loaded with the first request for it.
 */
import type { ObjectKey } from '../../reconcilers/objects/meta.ts';
import type { Pod } from '../../reconcilers/objects/pod.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { ContainerRuntime, ResourceUsage } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { type HttpExchange, sendJson } from '../serving/http-exchange.ts';
import type { NodeService } from '../serving/node-service.ts';
import type { StatsSummary } from '../serving/stats-summary.ts';
import { asksForUpgrade, isSpdy, isWebSocket, type Upgrade } from '../serving/upgrade.ts';
import { type NodeRequest, parseNodeRequest } from './node-request.ts';
import { serveConnection } from './pod-connection.ts';
import { PodContainers } from './pod-containers.ts';
import { summaryOf } from './stats.ts';

/** The pods that are bound to this node. */
export interface PodsOfNode {
  get(key: ObjectKey): Promise<Pod | undefined>;
  list(): Promise<readonly Pod[]>;
}

export interface NodeRequestsDeps {
  readonly nodeName: string;
  /** Of the daemon whose containers these are. */
  readonly instance: string;
  readonly pods: PodsOfNode;
  readonly runtime: ContainerRuntime;
  readonly machine: () => ResourceUsage | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class NodeRequests implements NodeService {
  readonly #deps: NodeRequestsDeps;
  readonly #containers: PodContainers;

  constructor(deps: NodeRequestsDeps) {
    this.#deps = deps;
    this.#containers = new PodContainers(deps.runtime, deps.instance);
  }

  async serve(exchange: HttpExchange, location: string): Promise<void> {
    const asked = parseNodeRequest(location);
    if (asked === undefined) throw new SampanError('PathNotFound');
    requireMethod(exchange, asked);
    const deps = { ...this.#deps, containers: this.#containers };
    switch (asked.action) {
      case 'healthz':
        return void exchange.response.end('ok');
      case 'pods':
        return sendJson(exchange.response, 200, podList(await this.#deps.pods.list()));
      case 'summary':
        return sendJson(exchange.response, 200, await this.summary());
      case 'containerLogs': {
        const { servePodLogs } = await import('./pod-logs.ts');
        return servePodLogs(exchange, { ...asked, pod: await this.#pod(asked.pod) }, deps);
      }
      case 'exec':
      case 'attach': {
        const stream = streamOf(exchange);
        const { serveRemoteCommand } = await import('./remote-command/serve.ts');
        return serveRemoteCommand(stream, { ...asked, pod: await this.#pod(asked.pod) }, deps);
      }
      case 'portForward': {
        const stream = streamOf(exchange);
        const { servePortForward } = await import('./port-forward/serve.ts');
        return servePortForward(stream, { ...asked, pod: await this.#pod(asked.pod) }, deps);
      }
      case 'connect':
        return serveConnection(upgradeOf(exchange), await this.#pod(asked.pod), asked.port);
    }
  }

  async summary(): Promise<StatsSummary> {
    const pods = await this.#deps.pods.list();
    return summaryOf(
      pods.filter(({ status }) => status.phase === 'Running'),
      this.#deps,
    );
  }

  async #pod(key: ObjectKey): Promise<Pod> {
    const pod = await this.#deps.pods.get(key);
    if (pod?.spec.nodeName === this.#deps.nodeName) return pod;
    throw new SampanError('NotFound', { resource: 'pods', name: key.name });
  }
}

/** Who upgrades may do so with POST as well: SPDY's clients do. */
function requireMethod({ request }: HttpExchange, { action }: NodeRequest): void {
  const isStream = ['exec', 'attach', 'portForward', 'connect'].includes(action);
  const methods = isStream ? ['GET', 'POST'] : ['GET', 'HEAD'];
  if (!methods.includes(request.method ?? '')) throw new SampanError('MethodNotAllowed');
}

function upgradeOf(exchange: HttpExchange): Upgrade {
  if (asksForUpgrade(exchange)) return exchange;
  throw new SampanError('BadRequest', { detail: 'Upgrade request required' });
}

function streamOf(exchange: HttpExchange): Upgrade {
  const upgrade = upgradeOf(exchange);
  if (isWebSocket(upgrade.request) || isSpdy(upgrade.request)) return upgrade;
  throw new SampanError('BadRequest', { detail: 'Upgrade request required' });
}

function podList(items: readonly Pod[]) {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}
