/** The nodes' shares of the cluster's pod addresses: one /24 each, out of `--cluster-cidr`. Pure. */
import { addressAt, coversBlock, parseIpv4Range } from '../kit/registry/ipv4-range.ts';
import type { Node } from '../objects/cluster.ts';

/** 254 pods a node; Kubernetes' default (--node-cidr-mask-size). */
const NODE_PREFIX_LENGTH = 24;
const NODE_SIZE = 2 ** (32 - NODE_PREFIX_LENGTH);

/** One, or the sentence that says why there is none. */
export type PodCidrShare = { readonly podCIDR: string } | { readonly refusal: string };

/** The first share of `clusterCidr` that none of `nodes` has. */
export function podCidrShare(clusterCidr: string, nodes: readonly Node[]): PodCidrShare {
  const outsider = nodes.find(({ spec }) => spec.podCIDR !== undefined && !coversBlock(clusterCidr, spec.podCIDR));
  if (outsider !== undefined) return { refusal: refusalBeside(outsider, clusterCidr) };
  const range = parseIpv4Range(clusterCidr);
  const used = new Set(nodes.map(({ spec }) => spec.podCIDR));
  for (let index = 0; index < range.size; index += NODE_SIZE) {
    const podCIDR = `${addressAt(range, index)}/${Math.max(NODE_PREFIX_LENGTH, range.prefixLength)}`;
    if (!used.has(podCIDR)) return { podCIDR };
  }
  return { refusal: `all of ${clusterCidr} is given to other nodes: a larger --cluster-cidr has room for more` };
}

/** As long as one node is alone its pods may be on Docker's default bridge, whose addresses every other machine has too. */
function refusalBeside({ metadata, spec }: Node, clusterCidr: string): string {
  const there = `the pods of node ${metadata.name} have ${spec.podCIDR}, which is not in ${clusterCidr} and not to be reached from others`;
  return `${there}: start the daemon on ${metadata.name} with --cluster-cidr ${clusterCidr}`;
}
