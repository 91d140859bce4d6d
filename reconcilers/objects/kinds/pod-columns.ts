/** The columns of pods, and the one word that sums up a pod's state, as kubectl's printer finds it. Pure. */
import { age } from '../age.ts';
import { type ContainerState, type ContainerStatus, isSidecar, lastingContainers, type Pod } from '../pod.ts';
import { AGE, NAME, NONE } from './common-columns.ts';
import type { Column } from './entry.ts';

export const POD_COLUMNS: readonly Column<Pod>[] = [
  NAME,
  { name: 'Ready', cell: (pod) => `${readyContainers(pod)}/${lastingContainers(pod.spec).length}` },
  { name: 'Status', cell: podStatus },
  { name: 'Restarts', cell: restarts },
  AGE,
  { name: 'IP', wide: true, cell: (pod) => pod.status.podIP ?? NONE },
  { name: 'Node', wide: true, cell: (pod) => pod.spec.nodeName ?? NONE },
  { name: 'Nominated Node', wide: true, cell: () => NONE },
  { name: 'Readiness Gates', wide: true, cell: readinessGates },
];

/** How many of them are open: `1/2`. */
function readinessGates(pod: Pod): string {
  const { readinessGates: gates = [] } = pod.spec;
  if (gates.length === 0) return NONE;
  return `${gates.filter(({ conditionType }) => isTrue(pod, conditionType)).length}/${gates.length}`;
}

/** Those that run for as long as the pod does. */
function readyContainers(pod: Pod): number {
  const { containerStatuses = [] } = pod.status;
  const sidecars = sidecarStatuses(pod).filter(({ started }) => started);
  return [...containerStatuses, ...sidecars].filter(({ ready, state }) => ready && state.running).length;
}

/** `Running`, `Init:0/2`, `CrashLoopBackOff`, `Terminating`, ... (kubernetes/pkg/printers/internalversion, printPod). */
export function podStatus(pod: Pod): string {
  const initializing = initStatus(pod);
  const status = initializing === undefined || isTrue(pod, 'Initialized') ? containersStatus(pod) : initializing;
  if (pod.metadata.deletionTimestamp === undefined) return status;
  return pod.status.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

/** What the pod's start waits for: `Init:1/2`, `Init:Error`; undefined where it does not. */
function initStatus(pod: Pod): string | undefined {
  const { initContainers = [] } = pod.spec;
  for (const [i, status] of (pod.status.initContainerStatuses ?? []).entries()) {
    const { waiting, terminated } = status.state;
    if (terminated?.exitCode === 0 || (isSidecar(initContainers[i] ?? {}) && status.started)) continue;
    if (terminated) return `Init:${endOf(terminated)}`;
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
    return `Init:${i}/${initContainers.length}`;
  }
  return undefined;
}

function containersStatus(pod: Pod): string {
  let status = pod.status.reason ?? pod.status.phase;
  let running = false;
  for (const { state, ready } of [...(pod.status.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated } = state;
    if (waiting?.reason) status = waiting.reason;
    else if (terminated) status = endOf(terminated);
    else if (ready && state.running) running = true;
  }
  if (status !== 'Completed' || !running) return status;
  return isTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

function endOf({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

function isTrue({ status }: Pod, type: string): boolean {
  return (status.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

function sidecarStatuses({ spec, status }: Pod): ContainerStatus[] {
  return (status.initContainerStatuses ?? []).filter((_, i) => isSidecar(spec.initContainers?.[i] ?? {}));
}

/** `3 (5m ago)`: how often, and when last. While it initializes, of its init containers. */
function restarts(pod: Pod, now: number): string {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status;
  const isInitializing = initStatus(pod) !== undefined && !isTrue(pod, 'Initialized');
  const statuses = isInitializing ? initContainerStatuses : [...sidecarStatuses(pod), ...containerStatuses];
  const count = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  const last = statuses
    .map((status) => status.lastState.terminated?.finishedAt ?? '')
    .sort()
    .at(-1);
  return count === 0 || !last ? String(count) : `${count} (${age(last, now)} ago)`;
}
