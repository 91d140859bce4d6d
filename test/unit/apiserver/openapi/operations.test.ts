import assert from 'node:assert/strict';
import { NOT_STORED } from '../../../../daemon/apiserver/discovery/not-stored.ts';
import { type DiscoveredResource, notStored } from '../../../../daemon/apiserver/discovery/served-resources.ts';
import { SUBRESOURCES } from '../../../../daemon/apiserver/discovery/subresources.ts';
import { type Definitions, namesByKind, readDefinitions } from '../../../../daemon/apiserver/openapi/definitions.ts';
import { definitionsOf, type Operation, pathsOf } from '../../../../daemon/apiserver/openapi/operations.ts';

const CORE = 'io.k8s.api.core.v1';

/** A resource with the subresources named, as if they were served. */
function resource(
  given: Partial<DiscoveredResource>,
  ...subresources: (keyof typeof SUBRESOURCES)[]
): DiscoveredResource {
  return {
    group: '',
    version: 'v1',
    resource: 'pods',
    singular: 'pod',
    kind: 'Pod',
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    answersDeleted: true,
    subresources: Object.fromEntries(subresources.map((path) => [path.split('/')[1] ?? '', SUBRESOURCES[path]])),
    ...given,
  };
}

describe('the operations of OpenAPI', () => {
  let definitions: Definitions;
  before(async () => {
    definitions = await readDefinitions();
  });

  const operationsOf = (given: DiscoveredResource): Map<string, Operation> =>
    new Map(
      pathsOf(given, namesByKind(definitions)).flatMap(({ path, operations }) =>
        operations.map((operation) => [`${operation.method} ${path}`, operation] as const),
      ),
    );
  const idsOf = (given: DiscoveredResource) =>
    Object.fromEntries([...operationsOf(given)].map(([where, { id }]) => [where, id]));

  it('of a resource in namespaces are at the collection, the object, and the collection of all namespaces', () => {
    assert.deepEqual(idsOf(resource({})), {
      'get /api/v1/namespaces/{namespace}/pods': 'listCoreV1NamespacedPod',
      'post /api/v1/namespaces/{namespace}/pods': 'createCoreV1NamespacedPod',
      'delete /api/v1/namespaces/{namespace}/pods': 'deleteCoreV1CollectionNamespacedPod',
      'get /api/v1/namespaces/{namespace}/pods/{name}': 'readCoreV1NamespacedPod',
      'put /api/v1/namespaces/{namespace}/pods/{name}': 'replaceCoreV1NamespacedPod',
      'delete /api/v1/namespaces/{namespace}/pods/{name}': 'deleteCoreV1NamespacedPod',
      'patch /api/v1/namespaces/{namespace}/pods/{name}': 'patchCoreV1NamespacedPod',
      'get /api/v1/pods': 'listCoreV1PodForAllNamespaces',
    });
  });

  it('of a resource without namespaces, and with few verbs, are those', () => {
    const review = resource({
      group: 'authorization.k8s.io',
      resource: 'selfsubjectaccessreviews',
      kind: 'SelfSubjectAccessReview',
      namespaced: false,
      verbs: ['create'],
    });
    assert.deepEqual(idsOf(review), {
      'post /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': 'createAuthorizationV1SelfSubjectAccessReview',
    });
    const role = {
      group: 'rbac.authorization.k8s.io',
      resource: 'clusterroles',
      kind: 'ClusterRole',
      namespaced: false,
    };
    const [, listed] = [...operationsOf(resource({ ...role, verbs: ['list'] }))][0] ?? [];
    assert.deepEqual([listed?.id, listed?.tag], ['listRbacAuthorizationV1ClusterRole', 'rbacAuthorization_v1']);
  });

  it('of subresources that are objects take and give those', () => {
    const found = operationsOf(resource({}, 'pods/eviction', 'pods/binding', 'pods/log'));
    const at = (where: string) => found.get(where.replace('POD', '/api/v1/namespaces/{namespace}/pods/{name}'));
    const eviction = at('post POD/eviction');
    assert.deepEqual(eviction?.gvk, { group: 'policy', version: 'v1', kind: 'Eviction' });
    assert.equal(eviction?.body, 'io.k8s.api.policy.v1.Eviction');
    assert.equal(eviction?.id, 'createCoreV1NamespacedPodEviction');
    assert.equal(at('post POD/binding')?.body, `${CORE}.Binding`);
    const log = at('get POD/log');
    assert.deepEqual([log?.id, log?.answer, log?.action], ['readCoreV1NamespacedPodLog', undefined, 'get']);
    const scale = operationsOf(
      resource({ resource: 'replicationcontrollers', kind: 'ReplicationController' }, 'replicationcontrollers/scale'),
    ).get('patch /api/v1/namespaces/{namespace}/replicationcontrollers/{name}/scale');
    assert.equal(scale?.answer, 'io.k8s.api.autoscaling.v1.Scale');
  });

  it('of subresources that are streams say so', () => {
    const found = operationsOf(resource({}, 'pods/exec', 'pods/proxy'));
    const base = '/api/v1/namespaces/{namespace}/pods/{name}';
    const exec = found.get(`get ${base}/exec`);
    assert.deepEqual(
      [exec?.id, exec?.action, exec?.gvk.kind, exec?.answer],
      ['connectCoreV1GetNamespacedPodExec', 'connect', 'PodExecOptions', undefined],
    );
    assert.equal(found.get(`patch ${base}/proxy/{path}`)?.id, 'connectCoreV1PatchNamespacedPodProxyWithPath');
  });

  it('can be made of every subresource that there is', () => {
    const kinds: Record<string, string> = {
      namespaces: 'Namespace',
      nodes: 'Node',
      replicationcontrollers: 'ReplicationController',
      serviceaccounts: 'ServiceAccount',
      services: 'Service',
    };
    for (const path of Object.keys(SUBRESOURCES) as (keyof typeof SUBRESOURCES)[]) {
      const [plural = ''] = path.split('/');
      const made = pathsOf(
        resource({ resource: plural, kind: kinds[plural] ?? 'Pod' }, path),
        namesByKind(definitions),
      );
      assert.ok(
        made.some((item) => item.path.endsWith(`/${path.replace('/', '/{name}/')}`)),
        path,
      );
      for (const name of definitionsOf(made)) assert.ok(definitions[name], name);
    }
  });

  it('can be made of everything that is not stored', () => {
    for (const name of Object.keys(NOT_STORED) as (keyof typeof NOT_STORED)[]) {
      const made = pathsOf(notStored(name), namesByKind(definitions));
      assert.ok(made.length > 0, name);
      for (const each of definitionsOf(made)) assert.ok(definitions[each], each);
    }
  });

  it('of patches take the four kinds of them', () => {
    const patch = operationsOf(resource({})).get('patch /api/v1/namespaces/{namespace}/pods/{name}');
    assert.deepEqual(patch?.bodyTypes, [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ]);
    assert.deepEqual(
      patch?.parameters.map(({ name }) => name),
      ['dryRun', 'fieldManager', 'fieldValidation', 'force'],
    );
  });

  it('cannot be made of a kind that has no definition', () => {
    assert.throws(() => idsOf(resource({ kind: 'Widget' })), /no definition is of kind \/v1\/Widget/);
  });
});
