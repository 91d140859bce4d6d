/** What is counted on which node, and the numbers of all of it out of the nodes' own summaries, asked in parallel. */
import type { Node } from '../../../reconcilers/objects/cluster.ts';
import { allContainerStatuses, type Pod } from '../../../reconcilers/objects/pod.ts';
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';
import type { StatsSummary, UsageStats } from '../../serving/stats-summary.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { Subject } from './usage-sampler.ts';

/** The machine of a node, or a container on it. */
export interface NodeSubject extends Subject {
  readonly node: string;
  readonly podUid?: string;
  readonly container?: string;
}

export interface ContainerSubject extends NodeSubject {
  readonly container: string;
}

export function machineOf({ metadata: { name } }: Node): NodeSubject {
  return { id: `node ${name}`, node: name };
}

/** Of those that run. */
export function containersOf({ metadata: { uid }, spec, status }: Pod): ContainerSubject[] {
  return allContainerStatuses({ status }).flatMap(({ name, containerID: id, state }) => {
    if (id === undefined || state.running === undefined) return [];
    const startedAt = Date.parse(state.running.startedAt);
    return [{ id, node: spec.nodeName ?? '', podUid: uid, container: name, startedAt }];
  });
}

/** By the subject's id. Without those of nodes that do not answer. */
export async function readUsage(
  nodes: Pick<Nodes, 'summary'>,
  subjects: readonly NodeSubject[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ResourceUsage>> {
  const found = [...Map.groupBy(subjects, ({ node }) => node)].map(async ([node, ofNode]) => {
    const summary = await nodes.summary(node, signal).catch(() => undefined);
    return summary === undefined ? [] : ofNode.flatMap((subject) => usageIn(summary, subject));
  });
  return new Map((await Promise.all(found)).flat());
}

function usageIn(summary: StatsSummary, { id, podUid, container }: NodeSubject): [string, ResourceUsage][] {
  const pod = summary.pods.find(({ podRef }) => podRef.uid === podUid);
  const stats = podUid === undefined ? summary.node : pod?.containers.find(({ name }) => name === container);
  return isTold(stats) ? [[id, usageOf(stats)]] : [];
}

function isTold(stats: Partial<UsageStats> | undefined): stats is UsageStats {
  return stats?.cpu !== undefined && stats.memory !== undefined;
}

function usageOf({ cpu, memory }: UsageStats): ResourceUsage {
  return { at: Date.parse(cpu.time), cpuNanos: cpu.usageCoreNanoSeconds, memoryBytes: memory.workingSetBytes };
}
