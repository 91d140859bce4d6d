/** What the kubelet must be told of its node. Filled in by the daemon's assembly from flags and the machine. */
import type { ClusterDns } from './pod-files/resolv-conf.ts';

export interface KubeletConfig {
  readonly nodeName: string;
  /** The node's address: hostIP, and podIP of pods on the host's network. */
  readonly nodeIP: string;
  /** Labels this daemon's containers: unique among the daemons that share a Docker engine, and the same after a restart. */
  readonly instance: string;
  readonly pauseImage: string;
  /** The Docker network of the node's pods; its subnet is the node's podCIDR. */
  readonly network: { readonly name: string; readonly bridge: string; readonly mtu?: number };
  /** Containers get no lower OOM score; see {@link leastOomScoreAdj}. */
  readonly leastOomScoreAdj: number;
  /** What pods ask for names; see {@link ClusterDns}. */
  readonly dns: ClusterDns;
  /** Where seccomp profiles of type Localhost lie. */
  readonly seccompDir: string;
  /** Whether the kernel has AppArmor. */
  readonly hasAppArmor: boolean;
  /** Kernel parameters that pods may set beside the safe ones: names, or beginnings of names with a `*` behind. */
  readonly allowedUnsafeSysctls: readonly string[];
  /** Instead of the Node's spec.podCIDR. */
  readonly podCIDR?: string;
}
