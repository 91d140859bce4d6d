/**
 * Which Docker network this machine's pods are on. Where nobody asked for addresses of their own, Docker's default bridge: a container
 * on it starts 50 ms sooner than on a network by name (docs/decisions/0008). `sampan run` asks once, when Docker first answers.
 */
import { addressAt, type Ipv4Range, parseIpv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { KubeletConfig } from '../reconcilers/kubelet/config.ts';
import type { ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';

const DEFAULT_BRIDGE = 'bridge';
/** The network of our own: its name in Docker, and its interface. */
export const OWN_NETWORK = { name: 'sampan', bridge: 'sampan0' };
export const DEFAULT_CLUSTER_CIDR = '10.244.0.0/16';

export interface ChosenNetwork {
  readonly network: KubeletConfig['network'];
  /** The addresses of all pods. */
  readonly clusterCidr: string;
  /** This node's share, where it is fixed by Docker; otherwise the masters assign one. */
  readonly podCIDR?: string;
  /** Its addresses, where Docker has the network already. */
  readonly existing?: string;
}

export async function choosePodNetwork(
  runtime: ContainerRuntime,
  asked: Ipv4Range | undefined,
): Promise<ChosenNetwork> {
  const found = asked === undefined ? await runtime.network(DEFAULT_BRIDGE) : undefined;
  if (found === undefined) {
    const existing = (await runtime.network(OWN_NETWORK.name))?.subnet;
    const clusterCidr = asked?.cidr ?? DEFAULT_CLUSTER_CIDR;
    return { network: OWN_NETWORK, clusterCidr, ...(existing !== undefined && { existing }) };
  }
  const { name, bridge, mtu, subnet } = found;
  return {
    network: { name, bridge, ...(mtu !== undefined && { mtu }) },
    clusterCidr: subnet,
    podCIDR: subnet,
    existing: subnet,
  };
}

/** This machine's own address on it, as Docker's bridges have it: the first. */
export function gatewayOf(podCIDR: string): string {
  return addressAt(parseIpv4Range(podCIDR), 1);
}
