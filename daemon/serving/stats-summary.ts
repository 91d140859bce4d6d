/**
 * The kubelet's `/stats/summary`, as far as `kubectl top` needs it: what the node and each container that runs have used so far. Types only.
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go
 */

/** Times are RFC 3339, to the millisecond. */
export interface UsageStats {
  readonly cpu: { readonly time: string; readonly usageCoreNanoSeconds: number };
  readonly memory: { readonly time: string; readonly workingSetBytes: number };
}

export interface ContainerStats extends UsageStats {
  readonly name: string;
  readonly startTime: string;
}

export interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly containers: readonly ContainerStats[];
}

export interface StatsSummary {
  /** Without what cannot be told of the machine. */
  readonly node: { readonly nodeName: string } & Partial<UsageStats>;
  readonly pods: readonly PodStats[];
}
