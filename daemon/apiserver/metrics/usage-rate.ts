/** From what was used up to two moments to what is used at a time: the arithmetic of `kubectl top`. Pure. */
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';

/** What is used: CPU as the mean over the window that ends at `at`, memory as of then. */
export interface UsageRate {
  readonly at: number;
  readonly windowMs: number;
  /** Billionths of a core. */
  readonly nanoCores: number;
  readonly memoryBytes: number;
}

/** The last looks at one container, oldest first: at most two, {@link SHORTEST_MS} or more apart. */
export type History = readonly ResourceUsage[];

/** In less, the kernel's count of CPU time hardly moves. */
export const SHORTEST_MS = 500;
/** What was used before that says little of now. */
export const LONGEST_MS = 120_000;
/** A start is known to the second. */
const SHORTEST_SINCE_START_MS = 10_000;

/** The history with one more look. A count that went down began anew, and a clock that was set back tells no window. */
export function remembered(history: History, look: ResourceUsage): History {
  const last = history.at(-1);
  if (last === undefined || look.cpuNanos < last.cpuNanos || look.at < last.at) return [look];
  return look.at - last.at < SHORTEST_MS ? history : [last, look];
}

/**
 * What is used as of `look`, which may be the history's last. Counted from the newest earlier look that leaves a window to count in,
 * or from the start; undefined where there is neither.
 */
export function rateOf(history: History, look: ResourceUsage, startedAt?: number): UsageRate | undefined {
  const base = history.findLast(
    ({ at, cpuNanos }) => isBetween(look.at - at, SHORTEST_MS, LONGEST_MS) && cpuNanos <= look.cpuNanos,
  );
  if (base !== undefined) return rateBetween(base, look);
  if (startedAt === undefined || !isBetween(look.at - startedAt, SHORTEST_SINCE_START_MS, LONGEST_MS)) return undefined;
  return rateBetween({ at: startedAt, cpuNanos: 0 }, look);
}

function rateBetween(base: Pick<ResourceUsage, 'at' | 'cpuNanos'>, look: ResourceUsage): UsageRate {
  const { at, cpuNanos, memoryBytes } = look;
  const windowMs = at - base.at;
  return { at, windowMs, nanoCores: Math.round(((cpuNanos - base.cpuNanos) * 1000) / windowMs), memoryBytes };
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
