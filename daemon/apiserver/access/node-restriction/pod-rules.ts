/** A node tells how its pods fare and ends them; it makes none, and does not relabel them into others' Services. */
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import { type KindRules, refusal } from './rules.ts';

export function podRules(node: string): KindRules<'Pod'> {
  const demandOwn = ({ metadata, spec }: Pod, what: string) => {
    if (spec.nodeName === node) return;
    throw refusal('Pod', metadata.name, `node "${node}" can only ${what} with spec.nodeName set to itself`);
  };
  return {
    async create({ metadata }) {
      throw refusal('Pod', metadata.name, `node "${node}" is not allowed to create pods`);
    },
    update(next, previous, part) {
      const { name, labels = {} } = previous.metadata;
      if (part !== 'status') throw refusal('Pod', name, `node "${node}" can only update the status of pods`);
      demandOwn(previous, 'update pod status for pods');
      if (isDeepStrictEqual(next.metadata.labels ?? {}, labels)) return;
      throw refusal('Pod', name, `node "${node}" cannot update labels through pod status`);
    },
    remove: (pod) => demandOwn(pod, 'delete pods'),
  };
}
