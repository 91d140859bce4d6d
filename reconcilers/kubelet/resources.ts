/**
 * A container's requests and limits as the kernel takes them, and how early it kills one, computed as Kubernetes does
 * (pkg/kubelet/cm, pkg/kubelet/qos). Pure.
 */
import type { Container, PodSpec } from '../objects/pod.ts';
import { qosClass } from '../objects/qos-class.ts';
import { quantityMilliValue, quantityValue } from '../objects/quantity.ts';
import type { ContainerResources } from '../ports/container-runtime.ts';

const MIN_SHARES = 2;
const SHARES_PER_CPU = 1024;
const MIN_QUOTA_US = 1_000;
const PERIOD_US = 100_000;
/** Docker refuses less. */
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

/** The pause container is the last of a pod to be killed when memory runs out. */
export const SANDBOX_OOM_SCORE_ADJ = -998;
export const SANDBOX_RESOURCES: ContainerResources = { cpuShares: MIN_SHARES };

export function containerResources(container: Container): ContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milli(limits?.cpu);
  const cpuRequest = milli(requests?.cpu) ?? cpuLimit ?? 0;
  const memoryLimit = whole(limits?.memory);
  return {
    cpuShares: Math.max(MIN_SHARES, Math.floor((cpuRequest * SHARES_PER_CPU) / 1000)),
    ...(cpuLimit !== undefined &&
      cpuLimit > 0 && { cpuQuota: Math.max(MIN_QUOTA_US, Math.floor((cpuLimit * PERIOD_US) / 1000)) }),
    ...(memoryLimit !== undefined && memoryLimit > 0 && { memoryBytes: memoryLimit }),
  };
}

/** What makes the container's declaration one that Docker cannot take; undefined where nothing does. */
export function configProblem(container: Container): string | undefined {
  const memoryLimit = whole(container.resources?.limits?.memory);
  if (memoryLimit !== undefined && memoryLimit > 0 && memoryLimit < MIN_MEMORY_BYTES) {
    return `memory limit ${container.resources?.limits?.memory} is less than the 6Mi that Docker allows at least`;
  }
  return undefined;
}

/** How early the kernel kills the container when memory runs out: -997 (Guaranteed) to 1000 (BestEffort). */
export function oomScoreAdj(spec: PodSpec, container: Container, nodeMemoryBytes: number): number {
  const qos = qosClass(spec);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = whole(container.resources?.requests?.memory) ?? whole(container.resources?.limits?.memory) ?? 0;
  const share = nodeMemoryBytes > 0 ? Math.floor((1000 * request) / nodeMemoryBytes) : 0;
  return Math.min(999, Math.max(3, 1000 - share));
}

function milli(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityMilliValue(quantity);
}

function whole(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityValue(quantity);
}
