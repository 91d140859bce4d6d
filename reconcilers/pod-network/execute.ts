/** Carries the pod-network loop's actions out in the container runtime. Decides nothing. */
import type { Executors } from '../kit/reconciler.ts';
import type { ContainerRuntime, PodNetwork } from '../ports/container-runtime.ts';
import type { PodNetworkAction } from './actions.ts';

export interface ExecuteDeps {
  readonly runtime: Pick<ContainerRuntime, 'ensureNetwork' | 'removeNetwork'>;
  readonly onNetwork: (network: PodNetwork) => void;
}

export function createExecutors({ runtime, onNetwork }: ExecuteDeps): Executors<PodNetworkAction> {
  return {
    'remove-network': ({ name }) => runtime.removeNetwork(name),
    'make-network': async ({ network }) => {
      await runtime.ensureNetwork(network);
      onNetwork(network);
    },
  };
}
