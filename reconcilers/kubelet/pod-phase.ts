/** The pod's phase, from what its containers' statuses say. Pure. Source: pkg/kubelet/kubelet_pods.go (getPhase). */
import { type ContainerStatus, isSidecar, type Pod, type PodPhase, type PodStatus } from '../objects/pod.ts';

export function phaseOf(
  { spec }: Pod,
  {
    initContainerStatuses = [],
    containerStatuses = [],
  }: Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses'>,
  isInitialized: boolean,
): PodPhase {
  const { restartPolicy, initContainers = [] } = spec;
  const sidecars = initContainerStatuses.filter((_, i) => isSidecar(initContainers[i] ?? {}));
  const hasFailed = initContainerStatuses.some((each) => !sidecars.includes(each) && (exitCodeOf(each) ?? 0) !== 0);
  if (hasFailed && restartPolicy === 'Never') return 'Failed';
  if (!isInitialized) return 'Pending';

  const codes = containerStatuses.map(exitCodeOf);
  const isRunning = ({ state }: ContainerStatus) => state.running !== undefined;
  if (containerStatuses.some((each, i) => !isRunning(each) && codes[i] === undefined)) return 'Pending';
  if ([...containerStatuses, ...sidecars].some(isRunning)) return 'Running';
  const willRestart = containerStatuses.some(({ state }) => state.waiting !== undefined);
  if (restartPolicy === 'Always' || willRestart) return 'Running';
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
}

/** Of its last end; undefined while it runs, and before it ever did. */
function exitCodeOf({ state, lastState }: ContainerStatus): number | undefined {
  return (state.terminated ?? (state.running ? undefined : lastState.terminated))?.exitCode;
}
