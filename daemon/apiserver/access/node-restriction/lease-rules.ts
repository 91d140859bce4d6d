/** A node's sign of life is a Lease of its name; it keeps no other. */
import { NODE_LEASE_NAMESPACE } from '../../../../reconcilers/objects/cluster.ts';
import { type KindRules, refusal } from './rules.ts';

export function leaseRules(node: string): KindRules<'Lease'> {
  const demandOwn = ({ namespace, name }: { readonly namespace?: string; readonly name?: string }) => {
    if (namespace !== NODE_LEASE_NAMESPACE) {
      throw refusal('Lease', name, `can only access leases in the "${NODE_LEASE_NAMESPACE}" system namespace`);
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
