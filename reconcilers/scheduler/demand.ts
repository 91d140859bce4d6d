/** What a pod takes of a node: resources, host ports. Computed of pending pods and of those that already run. Pure. */
import { controllerOf } from '../objects/meta.ts';
import { type Container, declaredContainers, lastingContainers, type Pod } from '../objects/pod.ts';
import { podTotal } from '../objects/pod-total.ts';
import { quantityMilliValue, quantityValue } from '../objects/quantity.ts';

/** Amounts by resource name: `cpu` in millicores, everything else in whole units. */
export type Amounts = Readonly<Record<string, number>>;

export interface HostPort {
  /** `0.0.0.0`: all addresses of the node. */
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

export interface Demand {
  readonly requests: Amounts;
  /** For scoring only: what a pod that requests nothing is taken to use, so that such pods spread too. */
  readonly estimate: { readonly cpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
  readonly images: readonly string[];
  /** Uid of the controller, to keep its pods apart. */
  readonly owner?: string;
}

/** Kubernetes' own (DefaultMilliCPURequest, DefaultMemoryRequest). */
const ESTIMATED_CPU = 100;
const ESTIMATED_MEMORY = 200 * 1024 * 1024;

const known = new WeakMap<Pod, Demand>();

/** Objects of the cache never change, so each pod is computed once. */
export function demandOf(pod: Pod): Demand {
  let demand = known.get(pod);
  if (demand === undefined) {
    demand = computeDemand(pod);
    known.set(pod, demand);
  }
  return demand;
}

/** Reads a map of quantities; what is none counts as 0. */
export function amountsOf(quantities: Readonly<Record<string, string>> | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, text]) => [name, amount(name, text)]));
}

/** `busybox` and `docker.io/library/busybox:latest` are one image. */
export function canonicalImage(image: string): string {
  const name = image.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
}

function computeDemand(pod: Pod): Demand {
  const { spec } = pod;
  const requests = podTotal<Amounts>(spec, { of: asked, add: summed, max: greater }, {});
  const estimate = podTotal<Amounts>(spec, { of: estimated, add: summed, max: greater }, {});
  const owner = controllerOf(pod)?.uid;
  return {
    requests,
    estimate: { cpu: estimate.cpu ?? 0, memory: estimate.memory ?? 0 },
    hostPorts: lastingContainers(spec).flatMap((container) => hostPortsOf(container, spec.hostNetwork ?? false)),
    images: declaredContainers(spec).map(({ image }) => canonicalImage(image)),
    ...(owner !== undefined && { owner }),
  };
}

function asked({ resources }: Container): Amounts {
  return amountsOf({ ...resources?.limits, ...resources?.requests });
}

function estimated(container: Container): Amounts {
  const { cpu = ESTIMATED_CPU, memory = ESTIMATED_MEMORY } = asked(container);
  return { cpu, memory };
}

const summed = combined((a, b) => a + b);
const greater = combined(Math.max);

function combined(of: (a: number, b: number) => number): (a: Amounts, b: Amounts) => Amounts {
  return (a, b) => ({
    ...a,
    ...Object.fromEntries(Object.entries(b).map(([name, value]) => [name, of(a[name] ?? 0, value)])),
  });
}

function hostPortsOf(container: Container, hostNetwork: boolean): HostPort[] {
  return (container.ports ?? []).flatMap(({ hostPort, hostIP, containerPort, protocol }) => {
    const port = hostPort || (hostNetwork ? containerPort : 0);
    return port === 0 ? [] : { ip: hostIP || '0.0.0.0', protocol, port };
  });
}

function amount(name: string, text: string): number {
  return (name === 'cpu' ? quantityMilliValue(text) : quantityValue(text)) ?? 0;
}
