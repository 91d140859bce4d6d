/** The nodes' shares of the cluster's pod addresses: one /24 each, out of `--cluster-cidr`. Pure. */
import { addressAt, parseIpv4Range } from '../kit/registry/ipv4-range.ts';

/** 254 pods a node; Kubernetes' default (--node-cidr-mask-size). */
const NODE_PREFIX_LENGTH = 24;
const NODE_SIZE = 2 ** (32 - NODE_PREFIX_LENGTH);

/** The first share of `clusterCidr` that is not in `taken`; undefined where none is left. */
export function freePodCidr(clusterCidr: string, taken: readonly string[]): string | undefined {
  const range = parseIpv4Range(clusterCidr);
  const used = new Set(taken);
  for (let index = 0; index < range.size; index += NODE_SIZE) {
    const share = `${addressAt(range, index)}/${Math.max(NODE_PREFIX_LENGTH, range.prefixLength)}`;
    if (!used.has(share)) return share;
  }
  return undefined;
}
