/** Whether a node takes pods in at all, as this pod tolerates it: cordoned, not ready, tainted. Pure. */
import type { Pod } from '../objects/pod.ts';
import { isTolerated, TAINT_UNSCHEDULABLE } from '../objects/taints.ts';
import type { NodeView } from './node-view.ts';

const CORDONED = { key: TAINT_UNSCHEDULABLE, effect: 'NoSchedule' } as const;

/** Why not; none where it does. */
export function taintReasons({ spec }: Pod, node: NodeView): string[] {
  if (node.unschedulable && !isTolerated(CORDONED, spec.tolerations)) return ['node(s) were unschedulable'];
  if (!node.ready) return ['node(s) were not ready'];
  const taint = node.taints.find(({ effect, ...rest }) => {
    return effect !== 'PreferNoSchedule' && !isTolerated({ effect, ...rest }, spec.tolerations);
  });
  return taint === undefined ? [] : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
}
