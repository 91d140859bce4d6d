/** The columns of pods, and the one word that sums up a pod's state, as kubectl's printer finds it. Pure. */
import { age } from '../age.ts';
import type { Pod } from '../pod.ts';
import { AGE, NAME, NONE } from './common-columns.ts';
import type { Column } from './entry.ts';

export const POD_COLUMNS: readonly Column<Pod>[] = [
  NAME,
  { name: 'Ready', cell: (pod) => `${readyContainers(pod)}/${pod.spec.containers.length}` },
  { name: 'Status', cell: podStatus },
  { name: 'Restarts', cell: restarts },
  AGE,
  { name: 'IP', wide: true, cell: (pod) => pod.status.podIP ?? NONE },
  { name: 'Node', wide: true, cell: (pod) => pod.spec.nodeName ?? NONE },
  { name: 'Nominated Node', wide: true, cell: () => NONE },
  { name: 'Readiness Gates', wide: true, cell: readinessGates },
];

/** How many of them are open: `1/2`. */
function readinessGates({ spec: { readinessGates: gates = [] }, status: { conditions = [] } }: Pod): string {
  if (gates.length === 0) return NONE;
  const open = gates.filter((gate) => conditions.some((c) => c.type === gate.conditionType && c.status === 'True'));
  return `${open.length}/${gates.length}`;
}

export function readyContainers(pod: Pod): number {
  return pod.status.containerStatuses?.filter((status) => status.ready && status.state.running).length ?? 0;
}

/** `Running`, `CrashLoopBackOff`, `Terminating`, ... (kubernetes/pkg/printers/internalversion, printPod). */
export function podStatus(pod: Pod): string {
  let status = pod.status.reason ?? pod.status.phase;
  let running = false;
  for (const { state, ready } of [...(pod.status.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated } = state;
    if (waiting?.reason) status = waiting.reason;
    else if (terminated?.reason) status = terminated.reason;
    else if (terminated?.signal) status = `Signal:${terminated.signal}`;
    else if (terminated) status = `ExitCode:${terminated.exitCode}`;
    else if (ready && state.running) running = true;
  }
  if (status === 'Completed' && running) {
    const isReady = pod.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
    status = isReady ? 'Running' : 'NotReady';
  }
  if (pod.metadata.deletionTimestamp === undefined) return status;
  return pod.status.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

/** `3 (5m ago)`: how often, and when last. */
function restarts(pod: Pod, now: number): string {
  const statuses = pod.status.containerStatuses ?? [];
  const count = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  const last = statuses
    .map((status) => status.lastState.terminated?.finishedAt ?? '')
    .sort()
    .at(-1);
  return count === 0 || !last ? String(count) : `${count} (${age(last, now)} ago)`;
}
