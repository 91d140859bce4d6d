/** What the node loop sees: plain data, read by observe.ts, planned upon by plan.ts. */
import type { Lease } from '../objects/cluster.ts';
import type { ImageRecord, RuntimeInfo } from '../ports/container-runtime.ts';
import type { Headroom } from '../ports/headroom.ts';
import type { NodeConfig } from './config.ts';

export interface NodeObservation {
  /** Whether the cache has the stored objects. */
  readonly synced: boolean;
  readonly config: NodeConfig;
  readonly lease?: Lease;
  readonly leaseNamespaceExists: boolean;
  readonly runtime: RuntimeFacts;
  /** Of the machine; absent where it does not say. */
  readonly headroom?: Headroom;
  /** Where its DNS server listens, as its annotation says it; '' where there is no such server. Absent: it does not listen yet. */
  readonly nameServer?: string;
}

export interface RuntimeFacts {
  /** As last answered; absent until the first answer. */
  readonly info?: RuntimeInfo;
  readonly images: readonly ImageRecord[];
  /** Set while it does not answer: since when (milliseconds since the epoch), and what it said instead. */
  readonly away?: { readonly since: number; readonly message: string };
}
