/** Whether a container has started, which is what those wait for that come after a sidecar. Pure; the sequence and the status ask. */
import type { ContainerVerdict } from './container-verdict.ts';
import { isRunning } from './pod-records.ts';

export function hasStarted({ records }: Pick<ContainerVerdict, 'records'>): boolean {
  return isRunning(records.newest);
}
