/**
 * The registry as one node may write to it: Kubernetes' NodeRestriction admission. The authorizer has said which object the node may
 * touch; what it makes of it is in the body, and is looked at here, on the very version that is written. The API server hands it to
 * the handlers in place of its own when a node asks.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
 */
import { checkPreconditions } from '../../../../reconcilers/kit/registry/refusals.ts';
import type { Kind, ObjectOf } from '../../../../reconcilers/objects/kinds.ts';
import { type Draft, type KubeObject, keyOf, type ObjectKey } from '../../../../reconcilers/objects/meta.ts';
import type {
  DeleteOptions,
  ModifyOptions,
  RegistryClient,
  WriteOptions,
} from '../../../../reconcilers/ports/object-client.ts';
import { eventRules } from './event-rules.ts';
import { leaseRules } from './lease-rules.ts';
import { nodeRules, type RestrictedNode } from './node-rules.ts';
import { podRules } from './pod-rules.ts';
import { type KindRules, type NodeRules, refusal } from './rules.ts';
import { volumeRules } from './volume-rules.ts';

export function restrictedToNode(client: RegistryClient, node: RestrictedNode): RegistryClient {
  const rules: NodeRules = {
    Node: nodeRules(node),
    Lease: leaseRules(node.name),
    Pod: podRules(node.name),
    Event: eventRules(client, node.name),
    PersistentVolume: volumeRules(client, node.name),
  };
  const rulesOf = <K extends Kind>(kind: K) => rules[kind] as KindRules<K> | undefined;

  const modify = <K extends Kind>(
    kind: K,
    key: ObjectKey,
    change: (current: ObjectOf<K>) => ObjectOf<K>,
    options: ModifyOptions = {},
  ) => {
    const checked = (current: ObjectOf<K>) => {
      const next = change(current);
      rulesOf(kind)?.update(next, current, options.part ?? 'spec');
      return next;
    };
    return client.modify(kind, key, checked, options);
  };

  return {
    get: (kind, key) => client.get(kind, key),
    list: (kind, options) => client.list(kind, options),
    listPage: (kind, options) => client.listPage(kind, options),
    watch: (kinds, options) => client.watch(kinds, options),
    revision: () => client.revision(),

    async create<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>, options?: WriteOptions) {
      const admitted = await rulesOf(kind)?.create(draft);
      return client.create(kind, admitted ?? draft, options);
    },

    modify,

    update: <K extends Kind>(kind: K, object: ObjectOf<K>) =>
      modify(kind, keyOf(object), () => object, insistedOn(object)),

    updateStatus<K extends Kind>(kind: K, object: ObjectOf<K>) {
      const { status } = object as { status?: unknown };
      const change = (current: ObjectOf<K>) => ({ ...current, status });
      return modify(kind, keyOf(object), change, { ...insistedOn(object), part: 'status' });
    },

    async delete<K extends Kind>(kind: K, key: ObjectKey, options: DeleteOptions = {}) {
      const restriction = rulesOf(kind);
      if (restriction === undefined) return client.delete(kind, key, options);
      const current = await client.get(kind, key);
      if (current === undefined) return undefined;
      restriction.remove(current);
      checkPreconditions(kind, current, options);
      // This one: another may have its name by then.
      return client.delete(kind, key, { ...options, uid: current.metadata.uid });
    },

    async finalizeNamespace({ metadata }) {
      throw refusal('Namespace', metadata.name, `node "${node.name}" is not allowed to finalize namespaces`);
    },

    async bindPod({ name }) {
      throw refusal('Pod', name, `node "${node.name}" is not allowed to bind pods`);
    },
  };
}

/** A write insists on the uid and the version that the object it hands in names. */
function insistedOn({ metadata: { uid, resourceVersion } }: KubeObject): ModifyOptions {
  return { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
}
