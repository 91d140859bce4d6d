/**
 * What a whole pod takes, from what each of its containers does: all that run at once together, or one of its init containers beside the
 * sidecars before it, whichever is more. The scheduler, quotas and limit ranges ask. Pure.
 * Source: k8s.io/component-helpers/resource (AggregateContainerRequests).
 */
import { type Container, isSidecar, type PodSpec } from './pod.ts';

export interface Adding<T> {
  readonly of: (container: Container) => T;
  readonly add: (a: T, b: T) => T;
  /** Per resource. */
  readonly max: (a: T, b: T) => T;
}

export function podTotal<T>({ initContainers = [], containers }: PodSpec, { of, add, max }: Adding<T>, none: T): T {
  let sidecars = none;
  let most = none;
  for (const container of initContainers) {
    const together = add(sidecars, of(container));
    if (isSidecar(container)) sidecars = together;
    most = max(most, together);
  }
  return max(most, containers.map(of).reduce(add, sidecars));
}
