/**
 * This machine's own server as a node, and what it serves: a master builds one for its own node, an agent for its. The API server beside it
 * asks `service` directly; others come in over HTTPS, once it is open.
 */
import type { ReadOnlyCache } from '../reconcilers/kit/object-cache.ts';
import type { Pod } from '../reconcilers/objects/pod.ts';
import type { Clock } from '../reconcilers/ports/clock.ts';
import type { ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';
import { messageOf } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { ObjectClient } from '../reconcilers/ports/object-client.ts';
import { readMachineUsage } from './adapters/machine.ts';
import { NodeRequests, type PodsOfNode } from './node-server/requests.ts';
import { NodeServer } from './node-server/server.ts';
import type { TlsIdentity } from './serving/listeners.ts';
import type { NodeService } from './serving/node-service.ts';

export interface NodePlace {
  readonly nodeName: string;
  /** Of the daemon whose containers these are. */
  readonly instance: string;
  readonly nodeIP: string;
  /** `--kubelet-port`; 0: no server. */
  readonly kubeletPort: number;
}

export interface NodeServingDeps {
  readonly cache: ReadOnlyCache;
  readonly client: Pick<ObjectClient, 'get'>;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Log;
}

export class NodeServing {
  readonly service: NodeService;
  readonly #place: NodePlace;
  readonly #log: Log;
  readonly #server: NodeServer;
  #identity: TlsIdentity;

  /** `identity`: a certificate of `system:node:NAME`, and the authority that clients' certificates are of. */
  constructor(place: NodePlace, identity: TlsIdentity, deps: NodeServingDeps) {
    this.service = new NodeRequests({
      ...place,
      ...deps,
      pods: podsOf(place.nodeName, deps),
      machine: readMachineUsage,
    });
    this.#place = place;
    this.#identity = identity;
    this.#log = deps.log;
    this.#server = new NodeServer({ ...deps, service: this.service });
  }

  /** Answers the port; undefined where there is to be none, or it cannot be had: then only the API server beside reaches the pods. */
  async open(): Promise<number | undefined> {
    const { nodeIP: host, kubeletPort: port } = this.#place;
    if (port === 0) return undefined;
    try {
      return await this.#server.listen({ host, port, ...this.#identity });
    } catch (error) {
      this.#log.error('other masters do not reach the pods of this node: its own server cannot listen', {
        address: host,
        port,
        error: messageOf(error),
        remedy: 'free the port, or choose another --kubelet-port, and start again',
      });
      return undefined;
    }
  }

  renew(identity: TlsIdentity): void {
    this.#identity = identity;
    this.#server.renew(identity);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** From memory, so that they are found while the store is away; what was bound a moment ago from the store. */
function podsOf(nodeName: string, { cache, client }: Pick<NodeServingDeps, 'cache' | 'client'>): PodsOfNode {
  const byNode = cache.index('Pod', ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  return {
    async get(key): Promise<Pod | undefined> {
      const known = cache.get('Pod', key);
      return known?.spec.nodeName === nodeName ? known : client.get('Pod', key);
    },
    list: async () => byNode.get(nodeName),
  };
}
