/**
 * What a node may do beside its role: to itself, to the pods that are bound to it, and to what those pods refer to. A node that is
 * broken into then gives away its own pods' secrets, not everybody's. Everybody else, and everything else, is RBAC's to decide.
 * https://kubernetes.io/docs/reference/access-authn-authz/node/
 */
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Action, Authorizer, Decision, UserRules } from './authorizer.ts';
import { podReferences } from './pod-references.ts';
import type { ResourceAttributes } from './request-attributes.ts';
import { NODES, type UserInfo } from './user.ts';

const NODE_PREFIX = 'system:node:';
const LEASE_NAMESPACE = 'kube-node-lease';

type ResourceAction = Action & Pick<ResourceAttributes, 'type' | 'resource'>;

export class NodeAuthorizer implements Authorizer {
  readonly #others: Authorizer;
  readonly #podsOn: (node: string) => readonly Pod[];

  constructor(others: Authorizer, podsOn: (node: string) => readonly Pod[]) {
    this.#others = others;
    this.#podsOn = podsOn;
  }

  async authorize(user: UserInfo, action: Action): Promise<Decision> {
    const node = nodeOf(user);
    if (node !== undefined && action.type === 'resource' && this.#isOwn(node, action)) {
      return { allowed: true, reason: `it is node ${node}'s own` };
    }
    return this.#others.authorize(user, action);
  }

  async rules(user: UserInfo, namespace: string): Promise<UserRules> {
    const rules = await this.#others.rules(user, namespace);
    return nodeOf(user) === undefined ? rules : { ...rules, incomplete: true };
  }

  #isOwn(node: string, action: ResourceAction): boolean {
    const { group, resource, subresource, verb, namespace, name } = action;
    const what = `${group}/${resource}${subresource === '' ? '' : `/${subresource}`}`;
    const pods = () => this.#podsOn(node).filter(({ metadata }) => metadata.namespace === namespace);
    const isItsPod = () => pods().some(({ metadata }) => metadata.name === name);
    const isReferred = (kind: string) =>
      name !== '' && pods().some((pod) => podReferences(pod).some((ref) => ref.kind === kind && ref.name === name));
    switch (what) {
      case '/nodes':
        // The name of what is created is in the body, which no authorizer sees.
        return verb === 'create' || (['update', 'patch'].includes(verb) && name === node);
      case '/nodes/status':
        return ['update', 'patch'].includes(verb) && name === node;
      case 'coordination.k8s.io/leases':
        if (namespace !== LEASE_NAMESPACE) return false;
        return verb === 'create' || (['get', 'update', 'patch', 'delete'].includes(verb) && name === node);
      case '/pods/status':
        return ['update', 'patch'].includes(verb) && isItsPod();
      case '/pods':
        return verb === 'delete' && isItsPod();
      case '/pods/eviction':
        return verb === 'create' && isItsPod();
      case '/secrets':
        return READ.includes(verb) && isReferred('Secret');
      case '/configmaps':
        return READ.includes(verb) && isReferred('ConfigMap');
      case '/persistentvolumeclaims':
        return verb === 'get' && isReferred('PersistentVolumeClaim');
      case '/serviceaccounts':
        return verb === 'get' && isReferred('ServiceAccount');
      case '/serviceaccounts/token':
        return verb === 'create' && isReferred('ServiceAccount');
      default:
        return false;
    }
  }
}

/** Of one object by its name: `name` is then set on lists and watches as well. */
const READ = ['get', 'list', 'watch'];

/** Undefined where the user is no node. */
function nodeOf({ name, groups }: UserInfo): string | undefined {
  return groups.includes(NODES) && name.startsWith(NODE_PREFIX) ? name.slice(NODE_PREFIX.length) : undefined;
}
