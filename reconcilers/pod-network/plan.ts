/**
 * Makes the node's pod network as soon as the node has addresses for it: what listens on it, for pods and for the machine itself, is then
 * there before the first pod. One with addresses that the node had before is replaced once no container is on it. Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { PodNetwork } from '../ports/container-runtime.ts';
import type { PodNetworkAction } from './actions.ts';

export interface ObservedNetwork {
  /** Of the name; absent: there is none. */
  readonly existing?: PodNetwork;
}

export function plan(wanted: PodNetwork | undefined, { existing }: ObservedNetwork): Plan<PodNetworkAction> {
  if (wanted === undefined) return { actions: [], because: 'the node has no addresses for its pods yet' };
  const { name, subnet } = wanted;
  const making: PodNetworkAction = { kind: 'make-network', network: wanted };
  if (existing === undefined) return { actions: [making], because: `there is no network ${name} yet` };
  if (existing.subnet === subnet) return { actions: [], because: `pods are on ${subnet}` };
  const because = `the network ${name} has ${existing.subnet}, and the node's pods are to have ${subnet}`;
  return { actions: [{ kind: 'remove-network', name }, making], because };
}
