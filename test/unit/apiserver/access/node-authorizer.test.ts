import assert from 'node:assert/strict';
import { NodeAuthorizer } from '../../../../daemon/apiserver/access/node-authorizer.ts';
import { podReferences } from '../../../../daemon/apiserver/access/pod-references.ts';
import { BUILT_IN } from '../../../../daemon/apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from '../../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';

/** Every way to refer to something. */
const POD = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'a', secret: { secretName: 'mounted' } },
      { name: 'b', configMap: { name: 'files' } },
      { name: 'c', persistentVolumeClaim: { claimName: 'disk' } },
      { name: 'd', projected: { sources: [{ secret: { name: 'part' } }, { configMap: { name: 'parts' } }, {}] } },
      { name: 'e', emptyDir: {} },
    ],
    initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'alls' } }] }],
    containers: [
      {
        name: 'c',
        env: [
          { name: 'A', value: 'x' },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'one', key: 'k' } } },
          { name: 'C', valueFrom: { configMapKeyRef: { name: 'ones', key: 'k' } } },
        ],
      },
    ],
  },
} as unknown as Pod;

describe('what a pod refers to', () => {
  it('is found wherever it stands', () => {
    const names = podReferences(POD).map(({ kind, name }) => `${kind} ${name}`);
    assert.deepEqual(names.toSorted(), [
      'ConfigMap alls',
      'ConfigMap files',
      'ConfigMap ones',
      'ConfigMap parts',
      'PersistentVolumeClaim disk',
      'Secret all',
      'Secret mounted',
      'Secret one',
      'Secret part',
      'Secret pull',
      'ServiceAccount robot',
    ]);
  });
});

describe('a node', () => {
  const authorizer = new NodeAuthorizer(new RbacAuthorizer(() => BUILT_IN), (node) => (node === 'box' ? [POD] : []));
  const may = async (verb: string, what: string, namespace = '', name = '', user = 'system:node:box') => {
    const [group = '', resource = '', subresource = ''] = what.split('/');
    const action = { type: 'resource', verb, group, resource, subresource, namespace, name } as const;
    return (await authorizer.authorize({ name: user, groups: ['system:nodes'] }, action)).allowed;
  };

  it('writes itself and its pods, not others', async () => {
    assert.equal(await may('create', '/nodes'), true);
    assert.equal(await may('patch', '/nodes/status', '', 'box'), true);
    assert.equal(await may('patch', '/nodes/status', '', 'other'), false);
    assert.equal(await may('delete', '/nodes', '', 'box'), false);
    assert.equal(await may('update', 'coordination.k8s.io/leases', 'kube-node-lease', 'box'), true);
    assert.equal(await may('update', 'coordination.k8s.io/leases', 'kube-node-lease', 'other'), false);
    assert.equal(await may('update', 'coordination.k8s.io/leases', 'default', 'box'), false);
    assert.equal(await may('patch', '/pods/status', 'shop', 'web'), true);
    assert.equal(await may('patch', '/pods/status', 'shop', 'web', 'system:node:other'), false);
    assert.equal(await may('delete', '/pods', 'shop', 'web'), true);
    assert.equal(await may('delete', '/pods', 'default', 'web'), false);
    assert.equal(await may('create', '/pods', 'shop'), false);
  });

  it("reads its pods' secrets, one by one, and nobody else's", async () => {
    assert.equal(await may('get', '/secrets', 'shop', 'mounted'), true);
    assert.equal(await may('watch', '/secrets', 'shop', 'mounted'), true);
    assert.equal(await may('list', '/secrets', 'shop'), false);
    assert.equal(await may('get', '/secrets', 'shop', 'files'), false);
    assert.equal(await may('get', '/secrets', 'default', 'mounted'), false);
    assert.equal(await may('get', '/secrets', 'shop', 'mounted', 'system:node:other'), false);
    assert.equal(await may('get', '/configmaps', 'shop', 'files'), true);
    assert.equal(await may('create', '/serviceaccounts/token', 'shop', 'robot'), true);
    assert.equal(await may('create', '/serviceaccounts/token', 'shop', 'default'), false);
  });

  it('sees pods, Services and nodes as its role says', async () => {
    assert.equal(await may('list', '/pods'), true);
    assert.equal(await may('watch', '/services'), true);
    assert.equal(await may('create', '/events', 'shop'), true);
  });

  it('is only who has both the name and the group', async () => {
    const action = {
      type: 'resource',
      verb: 'get',
      group: '',
      resource: 'secrets',
      subresource: '',
      namespace: 'shop',
      name: 'mounted',
    } as const;
    assert.equal((await authorizer.authorize({ name: 'system:node:box', groups: [] }, action)).allowed, false);
    assert.equal((await authorizer.authorize({ name: 'box', groups: ['system:nodes'] }, action)).allowed, false);
  });

  it('is told that rules do not say all of it', async () => {
    assert.equal(
      (await authorizer.rules({ name: 'system:node:box', groups: ['system:nodes'] }, 'shop')).incomplete,
      true,
    );
    assert.equal((await authorizer.rules({ name: 'ann', groups: [] }, 'shop')).incomplete, false);
  });
});
