/** Which nodes a pod selects by its `nodeSelector` and `affinity.nodeAffinity`, and which of them it prefers. Pure. */
import { matchesNodeSelector, type SelectedNode } from '../objects/node-selector.ts';
import type { PodSpec } from '../objects/pod.ts';
import { matchesMapSelector } from '../objects/selector.ts';

/** Whether the pod may run on the node as far as its own selectors say. */
export function selectsNode({ nodeSelector = {}, affinity }: PodSpec, node: SelectedNode): boolean {
  const hasLabels = Object.keys(nodeSelector).length === 0 || matchesMapSelector(nodeSelector, node.labels);
  return hasLabels && matchesNodeSelector(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, node);
}

/** The weights of the preferences that the node meets. */
export function preferenceFor({ affinity }: PodSpec, node: SelectedNode): number {
  const preferred = affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred
    .filter(({ preference }) => matchesNodeSelector({ nodeSelectorTerms: [preference] }, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}
