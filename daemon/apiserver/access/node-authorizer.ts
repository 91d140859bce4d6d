/**
 * What a node may do beside its role: to itself, to the pods that are bound to it, and to what those pods refer to. A node that is
 * broken into then gives away its own pods' secrets, not everybody's. What only the body of a write shows is node-restriction/'s matter;
 * everybody else, and everything else, is RBAC's to decide.
 * https://kubernetes.io/docs/reference/access-authn-authz/node/
 */
import { NODE_LEASE_NAMESPACE } from '../../../reconcilers/objects/cluster.ts';
import { parseFieldSelector } from '../../../reconcilers/objects/field-selector.ts';
import { SelectorSyntaxError } from '../../../reconcilers/objects/selector.ts';
import type { Action, Authorizer, Decision, UserRules } from './authorizer.ts';
import type { NodeScope } from './node-scope.ts';
import type { ResourceAttributes } from './request-attributes.ts';
import { parseNodeUser, publicKeyOf, type UserInfo } from './user.ts';

type ResourceAction = Action & Pick<ResourceAttributes, 'type' | 'resource'>;

/** What the authorizer asks about a node. */
export type NodeScopeReader = Pick<
  NodeScope,
  'keyOf' | 'hasPod' | 'refersTo' | 'usesClaim' | 'hasVolume' | 'usesVolume'
>;

export class NodeAuthorizer implements Authorizer {
  readonly #others: Authorizer;
  readonly #scope: NodeScopeReader;

  constructor(others: Authorizer, scope: NodeScopeReader) {
    this.#others = others;
    this.#scope = scope;
  }

  async authorize(user: UserInfo, action: Action): Promise<Decision> {
    const node = parseNodeUser(user);
    if (node === undefined) return this.#others.authorize(user, action);
    const [shown, recorded] = [publicKeyOf(user), this.#scope.keyOf(node)];
    if (shown !== undefined && recorded !== undefined && shown !== recorded) {
      return { allowed: false, reason: `another machine has joined as node ${node} since` };
    }
    if (action.type === 'resource' && this.#isOwn(node, action)) {
      return { allowed: true, reason: `it is node ${node}'s own` };
    }
    return this.#others.authorize(user, action);
  }

  async rules(user: UserInfo, namespace: string): Promise<UserRules> {
    const rules = await this.#others.rules(user, namespace);
    return parseNodeUser(user) === undefined ? rules : { ...rules, incomplete: true };
  }

  #isOwn(node: string, action: ResourceAction): boolean {
    const { group, resource, subresource, verb, namespace, name } = action;
    const scope = this.#scope;
    const key = { namespace, name };
    switch (`${group}/${resource}${subresource === '' ? '' : `/${subresource}`}`) {
      case '/nodes':
        // The name of what is created is in the body, which no authorizer sees.
        return verb === 'create' || (CHANGE.includes(verb) && name === node);
      case '/nodes/status':
        return CHANGE.includes(verb) && name === node;
      case 'sampan.dev/nodes/certificate':
        return verb === 'create' && name === node;
      case 'sampan.dev/nodes/feed':
      case 'sampan.dev/nodes/settings':
        return verb === 'get' && name === node;
      case 'coordination.k8s.io/leases':
        if (namespace !== NODE_LEASE_NAMESPACE) return false;
        return verb === 'create' || (['get', 'delete', ...CHANGE].includes(verb) && name === node);
      case '/pods/status':
        return CHANGE.includes(verb) && scope.hasPod(node, key);
      case '/pods':
        if (verb !== 'get' && READ.includes(verb) && selectsNode(action.fieldSelector, node)) return true;
        return ['delete', ...READ].includes(verb) && scope.hasPod(node, key);
      case '/pods/eviction':
        return verb === 'create' && scope.hasPod(node, key);
      case '/secrets':
        return READ.includes(verb) && scope.refersTo(node, 'Secret', key);
      case '/configmaps':
        return READ.includes(verb) && scope.refersTo(node, 'ConfigMap', key);
      case '/persistentvolumeclaims':
        return verb === 'get' && scope.usesClaim(node, key);
      case '/persistentvolumes':
        if (verb === 'get') return scope.hasVolume(node, name) || scope.usesVolume(node, name);
        return verb === 'create' || (['delete', ...CHANGE].includes(verb) && scope.hasVolume(node, name));
      case '/serviceaccounts':
        return verb === 'get' && scope.refersTo(node, 'ServiceAccount', key);
      case '/serviceaccounts/token':
        return verb === 'create' && scope.refersTo(node, 'ServiceAccount', key);
      default:
        return false;
    }
  }
}

/** Of one object by its name: `name` is then set on lists and watches as well. */
const READ = ['get', 'list', 'watch'];
const CHANGE = ['update', 'patch'];

/** Whether a list or a watch of pods takes only those of the node. */
function selectsNode(fieldSelector = '', node: string): boolean {
  try {
    return parseFieldSelector('Pod', fieldSelector).some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
    );
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return false;
    throw error;
  }
}
