/** The pod-network loop, wired: has the container runtime make the network that the node's pods are on. Assembled on every node. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { ContainerRuntime, PodNetwork } from '../ports/container-runtime.ts';
import type { PodNetworkAction } from './actions.ts';
import { createExecutors, type ExecuteDeps } from './execute.ts';
import { type ObservedNetwork, plan } from './plan.ts';

export interface PodNetworkDeps extends ExecuteDeps {
  readonly cache: ReadOnlyCache;
  readonly runtime: Pick<ContainerRuntime, 'network' | 'ensureNetwork' | 'removeNetwork'>;
  readonly nodeName: string;
  /** All of it but the addresses, which are the node's share of the cluster's. */
  readonly network: Omit<PodNetwork, 'subnet'>;
}

export function createPodNetworkLoop(deps: PodNetworkDeps): Loop<PodNetwork, ObservedNetwork, PodNetworkAction> {
  const { cache, runtime, network } = deps;
  const executors = createExecutors(deps);
  const key = { namespace: '', name: deps.nodeName };
  return {
    reconciler: {
      name: 'pod-network',
      async observe() {
        const existing = await runtime.network(network.name);
        const subnet = cache.get('Node', key)?.spec.podCIDR;
        return {
          desired: subnet === undefined ? undefined : { ...network, subnet },
          observed: { ...(existing && { existing }) },
        };
      },
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [key],
    *keysFor({ kind, object, previous }) {
      const isOwn = kind === 'Node' && object.metadata.name === deps.nodeName;
      if (isOwn && object.spec.podCIDR !== previous?.spec.podCIDR) yield { key };
    },
  };
}
