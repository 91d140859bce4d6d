/** What the node loop must be told of its machine. Filled in by the daemon's assembly. */
export interface NodeConfig {
  readonly nodeName: string;
  /** Its InternalIP; see {@link chooseNodeAddress}. */
  readonly nodeIP: string;
  readonly hostname: string;
  /** Sampan's version. */
  readonly version: string;
  /** /etc/machine-id, the firmware's product_uuid (or the same), /proc/sys/kernel/random/boot_id. */
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  /** Size of the file system that holds Docker's data. */
  readonly diskBytes: number;
  readonly maxPods: number;
  /** Of the node's own server; absent where it has none. */
  readonly kubeletPort?: number;
  /** Registered with the node where one machine is the whole cluster; otherwise the masters assign it. */
  readonly podCIDR?: string;
  /** Given back where the node has it: its pods were on Docker's default bridge before, and every machine has those addresses. */
  readonly outdatedPodCIDR?: string;
}
