import assert from 'node:assert/strict';
import type { PersistentVolumeClaim } from '../../../../reconcilers/objects/kinds/persistent-volume-claim.ts';
import type { ResourceQuota } from '../../../../reconcilers/objects/kinds/resource-quota.ts';
import type { Draft } from '../../../../reconcilers/objects/meta.ts';
import { isSampanError } from '../../../../reconcilers/ports/errors.ts';
import { draftPod, draftService, podSpec } from '../../../fakes/objects.ts';
import { createTestCluster, type TestCluster } from '../../../fakes/test-cluster.ts';

const QUOTA = { namespace: 'default', name: 'q' };

function refuses(message: RegExp) {
  return (error: unknown) => {
    assert.ok(isSampanError(error, 'NamespaceLimit'), `expected NamespaceLimit, got ${String(error)}`);
    assert.equal(error.status, 403);
    assert.equal(error.reason, 'Forbidden');
    assert.match(error.message, message);
    return true;
  };
}

/** A quota as it is after the loop has counted: nothing is used yet. */
async function makeQuota(
  { registry }: TestCluster,
  hard: Record<string, string>,
  spec: Partial<ResourceQuota['spec']> = {},
): Promise<void> {
  const draft: Draft<ResourceQuota> = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { ...QUOTA },
    spec: { hard, ...spec },
    status: {},
  };
  const quota = await registry.create('ResourceQuota', draft);
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  await registry.updateStatus('ResourceQuota', { ...quota, status: { hard, used } });
}

async function used({ registry }: TestCluster): Promise<Record<string, string> | undefined> {
  return (await registry.get('ResourceQuota', QUOTA))?.status.used;
}

function podWith(name: string, requests: Record<string, string>, limits: Record<string, string> = {}) {
  const spec = podSpec('web');
  const containers = spec.containers.map((container) => ({ ...container, resources: { requests, limits } }));
  return draftPod(name, 'web', { containers });
}

function claim(storage: string): Draft<PersistentVolumeClaim> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, volumeMode: 'Filesystem' },
    status: { phase: 'Pending' },
  };
}

describe('resource quotas, at admission', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  it('count what is created, and refuse what is too much', async () => {
    await makeQuota(cluster, { pods: '1' });
    await cluster.registry.create('Pod', draftPod('a', 'web'));
    assert.deepEqual(await used(cluster), { pods: '1' });
    await assert.rejects(
      cluster.registry.create('Pod', draftPod('b', 'web')),
      refuses(/^pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$/),
    );
    assert.equal(await cluster.registry.get('Pod', { namespace: 'default', name: 'b' }), undefined);
  });

  it('hold against fifty writers at once, to the last pod', async () => {
    await makeQuota(cluster, { pods: '10', 'requests.cpu': '5' });
    const pods = Array.from({ length: 50 }, (_, i) =>
      cluster.registry.create('Pod', podWith(`p${i}`, { cpu: '250m' })),
    );
    const outcomes = await Promise.allSettled(pods);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
    for (const outcome of outcomes) if (outcome.status === 'rejected') refuses(/exceeded quota/)(outcome.reason);
    assert.deepEqual(await used(cluster), { pods: '10', 'requests.cpu': '2500m' });
    assert.equal((await cluster.registry.list('Pod')).items.length, 10);
  });

  it('count nothing for a write that does not come about', async () => {
    await makeQuota(cluster, { pods: '5' });
    await cluster.registry.create('Pod', draftPod('a', 'web'));
    await assert.rejects(cluster.registry.create('Pod', draftPod('a', 'web')), /already exists/);
    await assert.rejects(cluster.registry.create('Pod', draftPod('Not A Name', 'web')), /is invalid/);
    await cluster.registry.create('Pod', draftPod('dry', 'web'), { dryRun: true });
    assert.deepEqual(await used(cluster), { pods: '1' });
    // None of them holds the others up.
    await cluster.registry.create('Pod', draftPod('b', 'web'));
    assert.deepEqual(await used(cluster), { pods: '2' });
  });

  it('demand that every container says what is counted', async () => {
    await makeQuota(cluster, { 'requests.cpu': '1', 'limits.memory': '1Gi', 'requests.ephemeral-storage': '1Gi' });
    await assert.rejects(
      cluster.registry.create('Pod', draftPod('a', 'web')),
      refuses(/failed quota: q: must specify limits.memory for: web; requests.cpu for: web$/),
    );
    await cluster.registry.create('Pod', podWith('b', { cpu: '400m' }, { memory: '600Mi' }));
    await assert.rejects(
      cluster.registry.create('Pod', podWith('c', { cpu: '700m' }, { memory: '600Mi' })),
      refuses(
        /requested: limits.memory=600Mi,requests.cpu=700m, used: limits.memory=600Mi,requests.cpu=400m, limited: limits.memory=1Gi,requests.cpu=1$/,
      ),
    );
  });

  it('refuse while it is not known what is used', async () => {
    await cluster.registry.create('ResourceQuota', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { ...QUOTA },
      spec: { hard: { pods: '5' } },
      status: {},
    });
    await assert.rejects(
      cluster.registry.create('Pod', draftPod('a', 'web')),
      refuses(/status unknown for quota: q, resources: pods$/),
    );
  });

  it('count updates that come to use more, and only the difference', async () => {
    await makeQuota(cluster, { services: '2', 'services.nodeports': '1', 'requests.storage': '2Gi' });
    const service = await cluster.registry.create('Service', draftService('web'));
    assert.equal((await used(cluster))?.['services.nodeports'], '0');
    const asNodePort = { ...service, spec: { ...service.spec, type: 'NodePort' as const } };
    await cluster.registry.update('Service', asNodePort);
    assert.deepEqual(await used(cluster), { services: '1', 'services.nodeports': '1', 'requests.storage': '0' });
    await assert.rejects(
      cluster.registry.create('Service', draftService('other', { type: 'NodePort' })),
      refuses(/requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1$/),
    );

    const small = await cluster.registry.create('PersistentVolumeClaim', claim('1Gi'));
    const grown = (storage: string) => ({ ...small, spec: { ...small.spec, resources: { requests: { storage } } } });
    await assert.rejects(
      cluster.registry.update('PersistentVolumeClaim', grown('3Gi')),
      refuses(/requested: requests.storage=2Gi, used: requests.storage=1Gi, limited: requests.storage=2Gi$/),
    );
    await cluster.registry.update('PersistentVolumeClaim', grown('1536Mi'));
    assert.equal((await used(cluster))?.['requests.storage'], '1536Mi');
  });

  it('count objects of any kind by their resource', async () => {
    await makeQuota(cluster, {
      configmaps: '1',
      'count/configmaps': '5',
      'count/endpointslices.discovery.k8s.io': '0',
    });
    const map = (name: string) => ({
      apiVersion: 'v1' as const,
      kind: 'ConfigMap' as const,
      metadata: { name, namespace: 'default' },
    });
    await cluster.registry.create('ConfigMap', map('a'));
    await assert.rejects(cluster.registry.create('ConfigMap', map('b')), refuses(/requested: configmaps=1/));
    const slice = {
      apiVersion: 'discovery.k8s.io/v1' as const,
      kind: 'EndpointSlice' as const,
      metadata: { name: 's', namespace: 'default' },
      addressType: 'IPv4' as const,
      endpoints: [],
    };
    await assert.rejects(
      cluster.registry.create('EndpointSlice', slice),
      refuses(/count\/endpointslices.discovery.k8s.io=1/),
    );
  });

  for (const [how, scopes] of Object.entries({
    scopes: { scopes: ['BestEffort' as const] },
    'a scopeSelector': {
      scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort' as const, operator: 'Exists' as const }] },
    },
  })) {
    it(`count in their scopes only, said by ${how}`, async () => {
      await makeQuota(cluster, { pods: '1' }, scopes);
      await cluster.registry.create('Pod', podWith('burstable', { cpu: '1' }));
      assert.deepEqual(await used(cluster), { pods: '0' });
      await cluster.registry.create('Pod', draftPod('best-effort', 'web'));
      await assert.rejects(cluster.registry.create('Pod', draftPod('more', 'web')), refuses(/exceeded quota/));
      await cluster.registry.create('Service', draftService('web'));
    });
  }

  it('are refused with scopes that no pod here can have', async () => {
    const scoped = (expression: object) => ({ scopeSelector: { matchExpressions: [expression as never] } });
    for (const [expression, why] of [
      [
        { scopeName: 'PriorityClass', operator: 'In', values: ['high'] },
        /scopeName: Unsupported value: "PriorityClass"/,
      ],
      [{ scopeName: 'BestEffort', operator: 'DoesNotExist' }, /operator: Unsupported value: "DoesNotExist"/],
      [{ scopeName: 'BestEffort', operator: 'Exists', values: ['a'] }, /values: Forbidden/],
    ] as const) {
      await assert.rejects(makeQuota(cluster, { pods: '1' }, scoped(expression)), why);
    }
  });
});
