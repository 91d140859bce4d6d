/** What Docker's one-shot stats say of a container, as the port's usage. Pure; only the adapter's `usage` calls it. */
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';

/** The parts of `GET /containers/ID/stats` that are used. */
export interface ContainerStats {
  readonly read: string;
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly memory_stats: {
    readonly usage?: number;
    readonly stats?: { readonly inactive_file?: number; readonly total_inactive_file?: number };
  };
}

/** Undefined for a container that does not run: Docker has no time and no memory for it. */
export function toUsage({ read, cpu_stats, memory_stats }: ContainerStats): ResourceUsage | undefined {
  const at = Date.parse(read);
  const { usage, stats } = memory_stats;
  if (!(at > 0) || usage === undefined) return undefined;
  // Of cgroup v1 the second is the group's with all below it; v2 has the first alone, which is that already.
  const cached = stats?.total_inactive_file ?? stats?.inactive_file ?? 0;
  return { at, cpuNanos: cpu_stats.cpu_usage.total_usage, memoryBytes: Math.max(0, usage - cached) };
}
