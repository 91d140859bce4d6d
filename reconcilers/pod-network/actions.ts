/** What the pod-network loop can do. Planned by plan.ts, carried out by execute.ts. */
import type { PodNetwork } from '../ports/container-runtime.ts';

export type PodNetworkAction =
  | { readonly kind: 'remove-network'; readonly name: string }
  | { readonly kind: 'make-network'; readonly network: PodNetwork };
