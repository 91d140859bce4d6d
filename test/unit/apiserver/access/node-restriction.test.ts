import assert from 'node:assert/strict';
import type { CertifiedKey } from '../../../../daemon/adapters/certificates/certified-key.ts';
import { publicKeyHash } from '../../../../daemon/adapters/certificates/public-key-hash.ts';
import type { Node } from '../../../../reconcilers/objects/cluster.ts';
import type { PersistentVolumeClaim } from '../../../../reconcilers/objects/kinds/persistent-volume-claim.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import { type Answer, createTlsBed, type TlsBed } from './tls-bed.ts';

const NODES = '/api/v1/nodes';
const PODS = '/api/v1/namespaces/default/pods';
const EVENTS = '/api/v1/namespaces/default/events';
const VOLUMES = '/api/v1/persistentvolumes';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const MERGE = 'application/merge-patch+json';

describe('a node that writes', function () {
  this.timeout(20_000);
  let bed: TlsBed;
  let box: CertifiedKey;
  before(async () => {
    bed = await createTlsBed();
    box = await bed.client('system:node:box', ['system:nodes']);
    for (const name of ['kube-node-lease', 'kube-system']) {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} } as const;
      await bed.cluster.registry.create('Namespace', { ...namespace, status: { phase: 'Active' } });
    }
    const other = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'other' }, spec: {}, status: {} } as const;
    await bed.cluster.registry.create('Node', other);
  });
  after(() => bed.close());

  const send = (method: string, path: string, value: object, type = 'application/json'): Promise<Answer> => {
    const body = JSON.stringify(value);
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    return bed.ask(path, { method, client: box, headers, body });
  };
  const refused = async (answer: Promise<Answer>, message: string | RegExp) => {
    const { code, body } = await answer;
    assert.equal(code, 403, JSON.stringify(body));
    assert.equal(body.reason, 'Forbidden');
    if (typeof message === 'string') assert.equal(body.message, message);
    else assert.match(String(body.message), message);
  };
  const done = async (answer: Promise<Answer>, code: number) => {
    const { code: was, body } = await answer;
    assert.equal(was, code, JSON.stringify(body));
    return body;
  };
  const node = (name: string, metadata: object = {}, spec: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...metadata },
    spec,
    status: {},
  });
  const pod = async (name: string, on: string, spec: Partial<Pod['spec']> = {}): Promise<Pod> => {
    const containers = [{ name: 'c', image: 'c' }];
    const key = { namespace: 'default', name };
    const draft = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...key, labels: { app: name } },
      spec: { containers, ...spec },
    };
    const { metadata } = await bed.cluster.registry.create('Pod', draft as never);
    return bed.cluster.registry.bindPod(key, metadata.uid, on);
  };

  it('makes its own Node, as whom it came, and no other', async () => {
    await refused(
      send('POST', NODES, node('forged')),
      'nodes "forged" is forbidden: node "box" is not allowed to modify node "forged"',
    );
    const labels = { 'node-restriction.kubernetes.io/secure': 'yes', 'node-role.kubernetes.io/master': '', mine: 'x' };
    await refused(
      send('POST', NODES, node('box', { labels })),
      'nodes "box" is forbidden: node "box" is not allowed to set the following labels: node-restriction.kubernetes.io/secure, node-role.kubernetes.io/master',
    );
    const share = { podCIDR: '10.244.3.0/24', podCIDRs: ['10.244.3.0/24'] };
    await refused(send('POST', NODES, node('box', {}, share)), /not allowed to choose its pod addresses/);
    const own = { labels: { 'kubernetes.io/hostname': 'box', 'kubernetes.io/os': 'linux', mine: 'x' } };
    const made = await done(send('POST', NODES, node('box', own)), 201);
    const { annotations } = made.metadata as Node['metadata'];
    assert.deepEqual(annotations, { 'sampan.dev/node-key': publicKeyHash(box.certificate.publicKey) });
  });

  it('changes what is its own to say of itself, and steers no pods to itself', async () => {
    const patch = (metadata: object, spec: object = {}) => send('PATCH', `${NODES}/box`, { metadata, spec }, MERGE);
    const zone = { 'topology.kubernetes.io/zone': 'a', 'node.kubernetes.io/instance-type': 'm', mine: 'y' };
    await done(patch({ labels: zone }), 200);
    for (const label of ['a.node-restriction.kubernetes.io/x', 'kubernetes.io/x', 'team.k8s.io/x']) {
      await refused(
        patch({ labels: { [label]: 'x' } }),
        `nodes "box" is forbidden: is not allowed to modify labels: ${label}`,
      );
    }
    await bed.cluster.registry.modify('Node', { namespace: '', name: 'box' }, (current) => ({
      ...current,
      metadata: { ...current.metadata, labels: { ...current.metadata.labels, 'node-role.kubernetes.io/db': '' } },
      spec: { ...current.spec, taints: [{ key: 'only', value: 'db', effect: 'NoSchedule' }] },
    }));
    await refused(patch({ labels: { 'node-role.kubernetes.io/db': null } }), /not allowed to modify labels/);
    await refused(patch({}, { taints: null }), 'nodes "box" is forbidden: node "box" is not allowed to modify taints');
    await refused(patch({ annotations: { 'sampan.dev/node-key': null } }), /not allowed to say whose key it has/);
    await refused(patch({ annotations: { 'sampan.dev/node-key': 'sha256:1' } }), /not allowed to say whose key it has/);
    await done(patch({}, { unschedulable: true }), 200);
    const share = { podCIDR: '10.244.3.0/24', podCIDRs: ['10.244.3.0/24'] };
    await refused(patch({}, share), /not allowed to choose its pod addresses/);
    await bed.cluster.registry.modify('Node', { namespace: '', name: 'box' }, (current) => ({
      ...current,
      spec: { ...current.spec, ...share },
    }));
    await refused(patch({}, { podCIDR: '10.244.5.0/24', podCIDRs: ['10.244.5.0/24'] }), /not allowed to choose/);
    await done(patch({}, share), 200);
    await done(patch({}, { podCIDR: null, podCIDRs: null }), 200);
    await refused(send('DELETE', `${NODES}/box`, {}), /cannot delete resource "nodes"/);
    await refused(
      send('PATCH', `${NODES}/other`, { metadata: { labels: { a: 'b' } } }, MERGE),
      /cannot patch resource "nodes"/,
    );
  });

  it('tells its status, and nothing else by that way', async () => {
    const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] };
    const { body } = await bed.ask(`${NODES}/box`, { client: box });
    await done(send('PUT', `${NODES}/box/status`, { ...body, status }), 200);
    const metadata = { labels: { 'node-role.kubernetes.io/master': '' } };
    await refused(send('PATCH', `${NODES}/box/status`, { metadata }, MERGE), /not allowed to modify labels/);
    await refused(send('PATCH', `${NODES}/other/status`, { status }, MERGE), /cannot patch resource "nodes\/status"/);
  });

  it('keeps one Lease, of its name', async () => {
    const lease = (name: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name },
      spec: {},
    });
    await refused(
      send('POST', LEASES, lease('other')),
      'leases.coordination.k8s.io "other" is forbidden: can only access node lease with the same name as the requesting node',
    );
    const made = await done(send('POST', LEASES, lease('box')), 201);
    await done(send('PUT', `${LEASES}/box`, { ...made, spec: { holderIdentity: 'box' } }), 200);
    await refused(send('PUT', `${LEASES}/other`, lease('other')), /cannot update resource "leases"/);
  });

  it('tells how its pods fare and ends them, and touches no other', async () => {
    const [mine, theirs] = [await pod('mine', 'box'), await pod('theirs', 'other')];
    const running = { status: { phase: 'Running' } };
    await done(send('PUT', `${PODS}/mine/status`, { ...mine, ...running }), 200);
    await refused(
      send('PUT', `${PODS}/theirs/status`, { ...theirs, ...running }),
      /cannot update resource "pods\/status"/,
    );
    const relabelled = { metadata: { labels: { app: 'api' } } };
    await refused(
      send('PATCH', `${PODS}/mine/status`, relabelled, MERGE),
      'pods "mine" is forbidden: node "box" cannot update labels through pod status',
    );
    await refused(send('PATCH', `${PODS}/mine`, relabelled, MERGE), /cannot patch resource "pods"/);
    await refused(send('DELETE', `${PODS}/theirs`, { gracePeriodSeconds: 0 }), /cannot delete resource "pods"/);
    const wrong = { preconditions: { uid: theirs.metadata.uid } };
    assert.equal((await send('DELETE', `${PODS}/mine`, wrong)).code, 409);
    const right = { gracePeriodSeconds: 0, preconditions: { uid: mine.metadata.uid } };
    await done(send('DELETE', `${PODS}/mine`, right), 200);
    assert.equal(await bed.cluster.registry.get('Pod', { namespace: 'default', name: 'mine' }), undefined);
    await pod('evicted', 'box');
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
    await done(send('POST', `${PODS}/evicted/eviction`, eviction), 201);
  });

  it('reports events of its own as itself', async () => {
    const [mine, theirs] = [await pod('reporting', 'box'), await pod('silent', 'other')];
    const event = (about: object, source: object = { component: 'kubelet', host: 'box' }) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'e-', namespace: 'default' },
      involvedObject: { namespace: 'default', ...about },
      reason: 'Started',
      message: 'it did',
      type: 'Normal',
      source,
    });
    const aboutPod = ({ metadata: { name, uid } }: Pod) => ({ kind: 'Pod', name, uid });
    const made = await done(send('POST', EVENTS, event(aboutPod(mine))), 201);
    await done(send('POST', EVENTS, event({ kind: 'Node', name: 'box', namespace: '' })), 201);
    await done(send('POST', EVENTS, event({ kind: 'Pod', name: 'gone', uid: 'gone' })), 201);
    const own = /can only report events about itself, its pods and their claims/;
    await refused(send('POST', EVENTS, event(aboutPod(theirs))), own);
    await refused(send('POST', EVENTS, event({ kind: 'Pod', name: 'silent' })), own);
    await refused(send('POST', EVENTS, event({ kind: 'Node', name: 'other', namespace: '' })), own);
    await refused(send('POST', EVENTS, event({ kind: 'Service', name: 'web' })), own);
    const asItself = /can only report events as itself/;
    await refused(send('POST', EVENTS, event(aboutPod(mine), { component: 'kubelet', host: 'other' })), asItself);
    await refused(send('POST', EVENTS, event(aboutPod(mine), { component: 'kubelet' })), asItself);

    const path = `${EVENTS}/${(made.metadata as { name: string }).name}`;
    await done(send('PUT', path, { ...made, count: 2 }), 200);
    await refused(send('PATCH', path, { source: { host: 'other' } }, MERGE), asItself);
    const scheduled = event(aboutPod(mine), { component: 'default-scheduler', host: 'm1' });
    const others = await bed.cluster.registry.create('Event', {
      ...scheduled,
      metadata: { name: 's', namespace: 'default' },
    } as never);
    await refused(send('PUT', `${EVENTS}/s`, { ...others, message: 'it did not' }), asItself);
  });

  it('has tokens made for its pods only, and bound to them', async () => {
    await bed.cluster.registry.create('ServiceAccount', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot', namespace: 'default' },
    });
    const [mine, theirs] = [
      await pod('robot-1', 'box', { serviceAccountName: 'robot' }),
      await pod('robot-2', 'other', { serviceAccountName: 'robot' }),
    ];
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
    const ask = (boundObjectRef?: object) =>
      send('POST', path, { spec: { ...(boundObjectRef && { boundObjectRef }) } });
    const bound = ({ metadata: { name, uid } }: Pod) => ({ apiVersion: 'v1', kind: 'Pod', name, uid });
    await done(ask(bound(mine)), 201);
    await refused(ask(), 'serviceaccounts "robot" is forbidden: node requested token not bound to a pod');
    await refused(ask({ apiVersion: 'v1', kind: 'Node', name: 'box' }), /not bound to a pod/);
    await refused(ask({ ...bound(mine), uid: '' }), /with a pod binding without a uid/);
    await refused(ask({ ...bound(mine), uid: theirs.metadata.uid }), /does not match the UID in record/);
    await refused(ask(bound(theirs)), /token bound to a pod scheduled on a different node/);
  });

  it('makes the volumes that are asked of it, lets them go, and makes no others', async () => {
    await bed.cluster.registry.create('StorageClass', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local' },
      provisioner: 'sampan.dev/local',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    } as never);
    const claim = async (name: string, on: string) =>
      bed.cluster.registry.create('PersistentVolumeClaim', {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name,
          namespace: 'default',
          annotations: {
            'volume.kubernetes.io/storage-provisioner': 'sampan.dev/local',
            'volume.kubernetes.io/selected-node': on,
          },
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          storageClassName: 'local',
        },
      } as never);
    const [wanted, theirs] = [await claim('wanted', 'box'), await claim('theirs', 'other')];
    const volume = ({ metadata: { name, uid } }: PersistentVolumeClaim, nodes = ['box'], more: object = {}) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name: `pvc-${uid}`,
        annotations: { 'pv.kubernetes.io/provisioned-by': 'sampan.dev/local' },
        finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
      },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'local',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name, uid },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: nodes }] }] },
        },
        local: { path: '/x' },
        ...more,
      },
    });
    const own = /can only write volumes of sampan\.dev\/local whose node affinity is itself/;
    await refused(send('POST', VOLUMES, volume(wanted, ['other'])), own);
    await refused(send('POST', VOLUMES, volume(wanted, ['box'], { nodeAffinity: undefined })), own);
    const waits = /can only make volumes for claims that wait for it/;
    await refused(send('POST', VOLUMES, volume(theirs)), waits);
    await refused(send('POST', VOLUMES, volume(wanted, ['box'], { storageClassName: 'fast' })), waits);
    await refused(send('POST', VOLUMES, volume(wanted, ['box'], { claimRef: undefined })), waits);
    const made = await done(send('POST', VOLUMES, volume(wanted)), 201);
    const path = `${VOLUMES}/pvc-${wanted.metadata.uid}`;

    const recycled = { spec: { persistentVolumeReclaimPolicy: 'Retain' } };
    await refused(send('PATCH', path, recycled, MERGE), /not allowed to update fields other than metadata\.finalizers/);
    const labelled = { metadata: { labels: { a: 'b' } } };
    await refused(send('PATCH', path, labelled, MERGE), /not allowed to update fields other than metadata\.finalizers/);
    const { finalizers: _gone, ...metadata } = made.metadata as { finalizers: string[] };
    await done(
      send('PUT', path, { ...made, metadata: { ...metadata, finalizers: ['kubernetes.io/pv-protection'] } }),
      200,
    );
    await done(send('DELETE', path, {}), 200);

    const hand = volume(theirs, ['other']);
    await bed.cluster.registry.create('PersistentVolume', hand as never);
    await refused(send('DELETE', `${VOLUMES}/${hand.metadata.name}`, {}), /cannot delete resource "persistentvolumes"/);
  });

  it('is told what it may, as kubectl auth can-i asks', async () => {
    const mayI = async (resourceAttributes: object) => {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const { status } = await done(send('POST', path, { spec: { resourceAttributes } }), 201);
      return (status as { allowed: boolean }).allowed;
    };
    const list = { verb: 'list', resource: 'pods' };
    const requirement = (...values: string[]) => ({ key: 'spec.nodeName', operator: 'In', values });
    assert.equal(await mayI(list), false);
    assert.equal(await mayI({ ...list, fieldSelector: { rawSelector: 'spec.nodeName=box' } }), true);
    assert.equal(await mayI({ ...list, fieldSelector: { rawSelector: 'spec.nodeName=other' } }), false);
    assert.equal(await mayI({ ...list, fieldSelector: { requirements: [requirement('box')] } }), true);
    assert.equal(await mayI({ ...list, fieldSelector: { requirements: [requirement('box', 'other')] } }), false);
    const notIn = { ...requirement('box'), operator: 'NotIn' };
    assert.equal(await mayI({ ...list, fieldSelector: { requirements: [notIn] } }), false);
    const update = { verb: 'update', resource: 'nodes' };
    assert.equal(await mayI({ ...update, name: 'box' }), true);
    assert.equal(await mayI({ ...update, name: 'other' }), false);
    const certificate = { verb: 'create', group: 'sampan.dev', resource: 'nodes', subresource: 'certificate' };
    assert.equal(await mayI({ ...certificate, name: 'box' }), true);
    assert.equal(await mayI({ ...certificate, name: 'other' }), false);
  });

  it('is held to it, whoever acts in its name', async () => {
    const headers = {
      'content-type': 'application/json',
      'impersonate-user': 'system:node:box',
      'impersonate-group': 'system:nodes',
    };
    const body = JSON.stringify(node('forged'));
    const answer = bed.ask(NODES, { method: 'POST', token: 'admin-token', headers, body });
    await refused(answer, /node "box" is not allowed to modify node "forged"/);
  });
});
