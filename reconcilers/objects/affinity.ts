/**
 * Where a pod wants to be: `affinity` and `topologySpreadConstraints` of a pod's spec. Shapes only; the scheduler reads them.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
import type { NodeSelector, NodeSelectorTerm } from './node-selector.ts';
import type { SelectorTerms } from './selector-terms.ts';

export interface Affinity {
  nodeAffinity?: NodeAffinity;
  /** To be where the pods are that its terms mean. */
  podAffinity?: PodAffinity;
  /** Not to be where they are; what is required here holds for them too, when they come later. */
  podAntiAffinity?: PodAffinity;
}

export interface NodeAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
  preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; preference: NodeSelectorTerm }[];
}

export interface PodAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; podAffinityTerm: PodAffinityTerm }[];
}

export interface PodAffinityTerm {
  /** Label of nodes: those with the same value are one place. */
  topologyKey: string;
  /** Absent: no pod. */
  labelSelector?: SelectorTerms;
  /** Together with those that `namespaceSelector` means; neither: the pod's own. */
  namespaces?: string[];
  namespaceSelector?: SelectorTerms;
  /** Labels that the pods must have as this pod has them. */
  matchLabelKeys?: string[];
  /** Labels that they must not have as this pod has them. */
  mismatchLabelKeys?: string[];
}

export interface TopologySpreadConstraint {
  /** How many pods more than the emptiest domain any may have. */
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  /** Absent: no pod. */
  labelSelector?: SelectorTerms;
  /** With fewer domains the emptiest one counts as empty. Default: 1. */
  minDomains?: number;
  /** Whether only nodes that the pod selects make domains. Default: Honor. */
  nodeAffinityPolicy?: InclusionPolicy;
  /** Whether only nodes whose taints it tolerates do. Default: Ignore. */
  nodeTaintsPolicy?: InclusionPolicy;
  matchLabelKeys?: string[];
}

export type InclusionPolicy = 'Honor' | 'Ignore';
