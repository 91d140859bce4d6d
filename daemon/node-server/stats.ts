/** What this node and its containers have used, read when somebody asks: the kubelet's summary. */
import { allContainerStatuses, type Pod } from '../../reconcilers/objects/pod.ts';
import type { ContainerRuntime, ResourceUsage } from '../../reconcilers/ports/container-runtime.ts';
import type { StatsSummary, UsageStats } from '../serving/stats-summary.ts';

export interface StatsSources {
  readonly nodeName: string;
  readonly runtime: Pick<ContainerRuntime, 'usage'>;
  /** Undefined where it cannot be told. */
  readonly machine: () => ResourceUsage | undefined;
}

export async function summaryOf(
  pods: readonly Pod[],
  { nodeName, runtime, machine }: StatsSources,
): Promise<StatsSummary> {
  const running = pods.map((pod) => ({ pod, containers: runningContainers(pod) }));
  const read = await runtime.usage(running.flatMap(({ containers }) => containers.map(({ id }) => id)));
  const used = machine();
  return {
    node: { nodeName, ...(used && usageStats(used)) },
    pods: running.flatMap(({ pod: { metadata }, containers }) => {
      const { name, namespace = '', uid } = metadata;
      const known = containers.flatMap(({ id, ...container }) => {
        const usage = read.get(id);
        return usage === undefined ? [] : [{ ...container, ...usageStats(usage) }];
      });
      return known.length === 0 ? [] : [{ podRef: { name, namespace, uid }, containers: known }];
    }),
  };
}

function usageStats({ at, cpuNanos, memoryBytes }: ResourceUsage): UsageStats {
  const time = new Date(at).toISOString();
  return { cpu: { time, usageCoreNanoSeconds: cpuNanos }, memory: { time, workingSetBytes: memoryBytes } };
}

function runningContainers(pod: Pod): { readonly id: string; readonly name: string; readonly startTime: string }[] {
  return allContainerStatuses(pod).flatMap(({ name, containerID, state }) => {
    if (containerID === undefined || state.running === undefined) return [];
    return [{ id: containerID.replace(/^docker:\/\//, ''), name, startTime: state.running.startedAt }];
  });
}
