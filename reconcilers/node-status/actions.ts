/** What the node's plan can ask for. Carried out by execute.ts. */
import type { Lease, Node } from '../objects/cluster.ts';
import type { Draft } from '../objects/meta.ts';

export type NodeAction = RegisterNode | CorrectNode | UpdateNodeStatus | CreateLease | RenewLease;

export interface RegisterNode {
  readonly kind: 'register-node';
  readonly node: Draft<Node>;
}

/** Puts the node's own labels and annotations beside those that others gave it, and what it says of its addresses for pods. */
export interface CorrectNode {
  readonly kind: 'correct-node';
  readonly node: Node;
}

export interface UpdateNodeStatus {
  readonly kind: 'update-node-status';
  readonly node: Node;
}

export interface CreateLease {
  readonly kind: 'create-lease';
  readonly lease: Draft<Lease>;
}

/** The heartbeat: at rest the only write. */
export interface RenewLease {
  readonly kind: 'renew-lease';
  readonly lease: Lease;
}
