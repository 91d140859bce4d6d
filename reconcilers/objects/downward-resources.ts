/**
 * The resources of a container that it can be told of itself (downward API): its requests and limits, in units of a divisor. Pure.
 * Source: pkg/api/v1/resource/helpers.go (ExtractContainerResourceValue), pkg/kubelet/kubelet_resources.go
 */
import type { Container } from './pod.ts';
import { quantityMilliValue, quantityValue } from './quantity.ts';

export interface ResourceFieldSelector {
  /** Of the pod's; absent in variables, which are of their own container. */
  containerName?: string;
  /** `limits.cpu`. */
  resource: string;
  /** Absent, or zero: 1. */
  divisor?: string;
}

export const DOWNWARD_RESOURCES: readonly string[] = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
export const DIVISORS: Readonly<Record<'cpu' | 'memory', readonly string[]>> = {
  cpu: ['1m', '1'],
  memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
};

/** A limit that is not declared is what pods may use of the node (`allocatable`); a request that is not is 0. Rounded up. */
export function downwardResource(
  { resources = {} }: Container,
  { resource, divisor = '1' }: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
): string {
  const [group, name = ''] = resource.split('.');
  const amount = group === 'limits' ? (resources.limits?.[name] ?? allocatable[name]) : resources.requests?.[name];
  const units = name === 'cpu' ? quantityMilliValue : quantityValue;
  return String(Math.ceil((units(amount ?? '0') ?? 0) / (units(divisor) || units('1') || 1)));
}
