/**
 * The node's MemoryPressure, DiskPressure and PIDPressure, from what the machine has left, at the kubelet's own thresholds. They tell;
 * nothing is evicted for them. https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/ Pure.
 */
import type { NodeCondition } from '../objects/cluster.ts';
import type { Headroom, Share } from '../ports/headroom.ts';
import { type Said, withCondition } from './condition.ts';

const LEAST = { memoryBytes: 100 * 2 ** 20, disk: 0.1, inodes: 0.05, processes: 0.05 };
/** Kubernetes' eviction-pressure-transition-period: what comes and goes is one pressure. */
const LASTS_MS = 5 * 60_000;

const PRESSURES = [
  {
    type: 'MemoryPressure',
    isUnder: ({ memoryBytes }: Headroom) => memoryBytes.free < LEAST.memoryBytes,
    under: { reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' },
    free: { reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
  },
  {
    type: 'DiskPressure',
    isUnder: ({ diskBytes, inodes }: Headroom) => isBelow(diskBytes, LEAST.disk) || isBelow(inodes, LEAST.inodes),
    under: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' },
    free: { reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
  },
  {
    type: 'PIDPressure',
    isUnder: ({ processes }: Headroom) => isBelow(processes, LEAST.processes),
    under: { reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' },
    free: { reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
  },
] as const;

/** `stored` with the three as they are now; as it was where nothing is known. */
export function withPressures(
  stored: readonly NodeCondition[],
  headroom: Headroom | undefined,
  now: number,
): readonly NodeCondition[] {
  if (headroom === undefined) return stored;
  return PRESSURES.reduce<readonly NodeCondition[]>((conditions, { type, isUnder, under, free }) => {
    const before = stored.find((condition) => condition.type === type);
    const lasts = before?.status === 'True' && now < Date.parse(before.lastTransitionTime ?? '') + LASTS_MS;
    const said: Said = isUnder(headroom) || lasts ? { status: 'True', ...under } : { status: 'False', ...free };
    return withCondition(conditions, type, said, now);
  }, stored);
}

function isBelow({ free, of }: Share, share: number): boolean {
  return of > 0 && free < of * share;
}
