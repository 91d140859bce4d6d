/** A node's sign of life is a Lease of its name; it keeps no other. */
import { type KindRules, refusal } from './rules.ts';

const NAMESPACE = 'kube-node-lease';

export function leaseRules(node: string): KindRules<'Lease'> {
  const demandOwn = ({ namespace, name }: { readonly namespace?: string; readonly name?: string }) => {
    if (namespace !== NAMESPACE) {
      throw refusal('Lease', name, `can only access leases in the "${NAMESPACE}" system namespace`);
    }
    if (name === node) return;
    throw refusal('Lease', name, 'can only access node lease with the same name as the requesting node');
  };
  return {
    async create(draft) {
      demandOwn(draft.metadata);
      return draft;
    },
    update: (_next, { metadata }) => demandOwn(metadata),
    remove: ({ metadata }) => demandOwn(metadata),
  };
}
