/**
 * Which Docker network this machine's pods are on, and how they reach those of other machines. Where one machine is the whole cluster and
 * nobody asked for addresses, Docker's default bridge: a container on it starts 50 ms sooner than on a network by name
 * (docs/decisions/0008). Every Docker host has the same addresses there, so where other nodes may come it is never used (0064).
 */
import type { Ipv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { KubeletConfig } from '../reconcilers/kubelet/config.ts';
import type { ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';
import { messageOf } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { PodNetworkMode } from '../reconcilers/ports/pod-routes.ts';
import { TUNNEL_OVERHEAD } from './adapters/kernel-network/pod-routes/tunnel.ts';
import { mtuBelow } from './adapters/kernel-network/pod-routes/underlay.ts';

const DEFAULT_BRIDGE = 'bridge';
/** The network of our own: its name in Docker, and its interface. */
export const OWN_NETWORK = { name: 'sampan', bridge: 'sampan0' };
export const DEFAULT_CLUSTER_CIDR = '10.244.0.0/16';
/** Works wherever nodes reach each other at all. */
export const DEFAULT_POD_NETWORK: PodNetworkMode = 'vxlan';
/** Docker's, and that of a network that says none. */
const USUAL_MTU = 1500;

export interface AskedNetwork {
  /** Absent: nobody said, and no other node is looked for. */
  readonly clusterCidr?: Ipv4Range;
  readonly podNetwork?: PodNetworkMode;
  readonly nodeIP: string;
}

export interface ChosenNetwork {
  readonly network: KubeletConfig['network'];
  readonly podNetwork: PodNetworkMode;
  /** The addresses of all pods. */
  readonly clusterCidr: string;
  /** This node's share, where it is fixed by Docker; otherwise the masters assign one. */
  readonly podCIDR?: string;
  /** A share that the node is not to have: the default bridge's, from when its pods were there. */
  readonly outdatedPodCIDR?: string;
  /** Its addresses, where Docker has the network already. */
  readonly existing?: string;
}

export async function choosePodNetwork(
  runtime: ContainerRuntime,
  asked: AskedNetwork,
  log: Log,
): Promise<ChosenNetwork> {
  const { clusterCidr, podNetwork = DEFAULT_POD_NETWORK } = asked;
  const found = await runtime.network(DEFAULT_BRIDGE);
  if (found !== undefined && !canHaveNeighbours(asked)) {
    const { name, bridge, mtu, subnet } = found;
    return {
      network: { name, bridge, ...(mtu !== undefined && { mtu }) },
      podNetwork: 'none',
      clusterCidr: subnet,
      podCIDR: subnet,
      existing: subnet,
    };
  }
  const mtu = await podMtu(podNetwork, asked.nodeIP);
  const { existing, fits } = await ownNetwork(runtime, mtu, log);
  return {
    network: { ...OWN_NETWORK, ...(fits && mtu !== USUAL_MTU && { mtu }) },
    podNetwork,
    clusterCidr: clusterCidr?.cidr ?? DEFAULT_CLUSTER_CIDR,
    ...(found !== undefined && { outdatedPodCIDR: found.subnet }),
    ...(existing !== undefined && { existing }),
  };
}

/** Whether pods are to have addresses that other machines can lead to, so that other nodes may come. */
export function canHaveNeighbours({ clusterCidr, podNetwork = 'none' }: Omit<AskedNetwork, 'nodeIP'>): boolean {
  return clusterCidr !== undefined || podNetwork !== 'none';
}

/** The largest packet that gets from pod to pod as it is. */
async function podMtu(podNetwork: PodNetworkMode, nodeIP: string): Promise<number> {
  const below = (await mtuBelow(nodeIP)) ?? USUAL_MTU;
  return podNetwork === 'vxlan' ? below - TUNNEL_OVERHEAD : below;
}

/** The addresses of the one that is there; one for packets of another size goes, unless containers are on it. */
async function ownNetwork(runtime: ContainerRuntime, mtu: number, log: Log) {
  const found = await runtime.network(OWN_NETWORK.name);
  if (found === undefined) return { fits: true };
  const { subnet: existing, mtu: before = USUAL_MTU } = found;
  if (before === mtu) return { existing, fits: true };
  try {
    await runtime.removeNetwork(OWN_NETWORK.name);
    return { fits: true };
  } catch (error) {
    const { name: network } = OWN_NETWORK;
    log.error('the pod network keeps its MTU until it is made anew; no container may be on it when the daemon starts', {
      ...{ network, mtu: before, wanted: mtu, error: messageOf(error) },
    });
    return { existing, fits: false };
  }
}
