import assert from 'node:assert/strict';
import type { Action } from '../../../../daemon/apiserver/access/authorizer.ts';
import { NodeAuthorizer } from '../../../../daemon/apiserver/access/node-authorizer.ts';
import { NodeScope } from '../../../../daemon/apiserver/access/node-scope.ts';
import { podReferences } from '../../../../daemon/apiserver/access/pod-references.ts';
import { BUILT_IN } from '../../../../daemon/apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from '../../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import type { UserInfo } from '../../../../daemon/apiserver/access/user.ts';
import type { KubeObject } from '../../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import { fixedCache } from '../../../fakes/fixed-cache.ts';

/** Every way to refer to something. */
const POD = {
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    nodeName: 'box',
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'a', secret: { secretName: 'mounted' } },
      { name: 'b', configMap: { name: 'files' } },
      { name: 'c', persistentVolumeClaim: { claimName: 'disk' } },
      { name: 'd', projected: { sources: [{ secret: { name: 'part' } }, { configMap: { name: 'parts' } }, {}] } },
      { name: 'e', emptyDir: {} },
      { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
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

const BOX = { kind: 'Node', metadata: { name: 'box', annotations: { 'sampan.dev/node-key': 'sha256:new' } } };
const MASTER = { kind: 'Node', metadata: { name: 'master' } };
const claim = (name: string, node: string) => ({
  kind: 'PersistentVolumeClaim',
  metadata: {
    namespace: 'shop',
    name,
    annotations: {
      'volume.kubernetes.io/storage-provisioner': 'sampan.dev/local',
      'volume.kubernetes.io/selected-node': node,
    },
  },
});
const WAITING = claim('waiting', 'box');
const ELSEWHERE = claim('elsewhere', 'other');
const volume = (name: string, nodes: string[], claimRef: object) => ({
  kind: 'PersistentVolume',
  metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'sampan.dev/local' } },
  spec: {
    local: { path: '/x' },
    claimRef,
    nodeAffinity: {
      required: {
        nodeSelectorTerms: nodes.map((node) => ({
          matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }],
        })),
      },
    },
  },
});
const OWN_VOLUME = volume('own', ['box'], { namespace: 'shop', name: 'gone' });
const OTHER_VOLUME = volume('others', ['box', 'other'], { namespace: 'shop', name: 'gone' });
const POD_VOLUME = volume('of-a-pod', ['other'], { namespace: 'shop', name: 'disk' });

describe('what a pod refers to', () => {
  it('is found wherever it stands', () => {
    const names = podReferences(POD).map(({ kind, name }) => `${kind} ${name}`);
    assert.deepEqual(names.toSorted(), [
      'ConfigMap alls',
      'ConfigMap files',
      'ConfigMap ones',
      'ConfigMap parts',
      'PersistentVolumeClaim disk',
      'PersistentVolumeClaim web-scratch',
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
  let authorizer: NodeAuthorizer;
  before(async () => {
    const objects = [
      POD,
      BOX,
      MASTER,
      WAITING,
      ELSEWHERE,
      OWN_VOLUME,
      OTHER_VOLUME,
      POD_VOLUME,
    ] as unknown as KubeObject[];
    const cache = await fixedCache(['Pod', 'Node', 'PersistentVolumeClaim', 'PersistentVolume'], objects);
    authorizer = new NodeAuthorizer(new RbacAuthorizer(() => BUILT_IN), new NodeScope(cache));
  });
  const asked = async (user: UserInfo, action: Partial<Action>) => {
    const whole = { type: 'resource', verb: 'get', group: '', resource: '', subresource: '', namespace: '', name: '' };
    return authorizer.authorize(user, { ...whole, ...action } as Action);
  };
  const may = async (verb: string, what: string, namespace = '', name = '', user = 'system:node:box') => {
    const [group = '', resource = '', subresource = ''] = what.split('/');
    const { allowed } = await asked(
      { name: user, groups: ['system:nodes'] },
      { type: 'resource', verb, group, resource, subresource, namespace, name },
    );
    return allowed;
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

  it('sees Services and nodes as its role says, and of pods its own', async () => {
    for (const what of ['/services', '/nodes', '/namespaces', 'discovery.k8s.io/endpointslices']) {
      assert.equal(await may('watch', what), true, what);
    }
    assert.equal(await may('create', '/events', 'shop'), true);
    assert.equal(await may('get', '/pods', 'shop', 'web'), true);
    assert.equal(await may('get', '/pods', 'shop', 'other'), false);
    assert.equal(await may('list', '/pods'), false);
    const list = async (fieldSelector: string, verb = 'list') => {
      const action = { type: 'resource', verb, resource: 'pods', fieldSelector } as const;
      return (await asked({ name: 'system:node:box', groups: ['system:nodes'] }, action)).allowed;
    };
    assert.equal(await list('spec.nodeName=box'), true);
    assert.equal(await list('status.phase!=Failed,spec.nodeName=box', 'watch'), true);
    assert.equal(await list('spec.nodeName!=box'), false);
    assert.equal(await list('spec.nodeName=other'), false);
    assert.equal(await list('spec.nodename=box'), false);
    assert.equal(await list('spec.nodeName=box', 'deletecollection'), false);
  });

  it('reads claims that it has or is to make the volume of, and writes none', async () => {
    assert.equal(await may('get', '/persistentvolumeclaims', 'shop', 'disk'), true);
    assert.equal(await may('get', '/persistentvolumeclaims', 'shop', 'web-scratch'), true);
    assert.equal(await may('get', '/persistentvolumeclaims', 'shop', 'waiting'), true);
    assert.equal(await may('get', '/persistentvolumeclaims', 'shop', 'elsewhere'), false);
    assert.equal(await may('list', '/persistentvolumeclaims', 'shop', 'disk'), false);
    assert.equal(await may('update', '/persistentvolumeclaims', 'shop', 'disk'), false);
  });

  it('writes the volumes that it made, and reads those of its pods beside', async () => {
    assert.equal(await may('create', '/persistentvolumes'), true);
    for (const verb of ['get', 'update', 'patch', 'delete']) {
      assert.equal(await may(verb, '/persistentvolumes', '', 'own'), true, verb);
      assert.equal(await may(verb, '/persistentvolumes', '', 'others'), false, verb);
      assert.equal(await may(verb, '/persistentvolumes', '', 'absent'), false, verb);
    }
    assert.equal(await may('get', '/persistentvolumes', '', 'of-a-pod'), true);
    assert.equal(await may('delete', '/persistentvolumes', '', 'of-a-pod'), false);
    assert.equal(await may('list', '/persistentvolumes'), false);
    assert.equal(await may('deletecollection', '/persistentvolumes'), false);
    assert.equal(await may('update', '/persistentvolumes/status', '', 'own'), false);
  });

  it('is fed and certified by its own name', async () => {
    assert.equal(await may('get', 'sampan.dev/nodes/feed', '', 'box'), true);
    assert.equal(await may('get', 'sampan.dev/nodes/feed', '', 'other'), false);
    assert.equal(await may('get', 'sampan.dev/nodes/settings', '', 'box'), true);
    assert.equal(await may('get', 'sampan.dev/nodes/settings', '', 'other'), false);
    assert.equal(await may('create', 'sampan.dev/nodes/certificate', '', 'box'), true);
    assert.equal(await may('create', 'sampan.dev/nodes/certificate', '', 'other'), false);
  });

  it('is nobody any more when another machine has joined by its name', async () => {
    const as = (key: string) => ({
      name: 'system:node:box',
      groups: ['system:nodes'],
      extra: { 'sampan.dev/public-key': [key] },
    });
    const action = { type: 'resource', verb: 'patch', resource: 'nodes', subresource: 'status', name: 'box' } as const;
    assert.equal((await asked(as('sha256:new'), action)).allowed, true);
    assert.deepEqual(await asked(as('sha256:old'), action), {
      allowed: false,
      reason: 'another machine has joined as node box since',
    });
    assert.equal(
      (await asked(as('sha256:old'), { ...action, verb: 'list', subresource: '', name: '' })).allowed,
      false,
    );
  });

  it('with a join token may ask for a certificate, and nothing else', async () => {
    const user = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] };
    const certificate = {
      verb: 'create',
      group: 'sampan.dev',
      resource: 'nodes',
      subresource: 'certificate',
      name: 'n',
    };
    assert.equal((await asked(user, certificate)).allowed, true);
    assert.equal((await asked(user, { ...certificate, subresource: 'feed', verb: 'get' })).allowed, false);
    for (const resource of ['nodes', 'pods', 'secrets', 'services']) {
      assert.equal((await asked(user, { verb: 'list', resource })).allowed, false, resource);
      assert.equal((await asked(user, { verb: 'create', resource })).allowed, false, resource);
    }
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
