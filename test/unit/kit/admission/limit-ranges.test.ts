import assert from 'node:assert/strict';
import type { LimitRange, LimitRangeItem } from '../../../../reconcilers/objects/kinds/limit-range.ts';
import type { Draft } from '../../../../reconcilers/objects/meta.ts';
import { isSampanError } from '../../../../reconcilers/ports/errors.ts';
import { draftPod, podSpec } from '../../../fakes/objects.ts';
import { createTestCluster, type TestCluster } from '../../../fakes/test-cluster.ts';

function range(...limits: LimitRangeItem[]): Draft<LimitRange> {
  return { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l', namespace: 'default' }, spec: { limits } };
}

function podWith(name: string, ...resources: { requests?: Record<string, string>; limits?: Record<string, string> }[]) {
  const [container] = podSpec('web').containers;
  assert.ok(container);
  const containers = resources.map((own, i) => ({ ...container, name: `c${i}`, ports: [], resources: own }));
  return draftPod(name, 'web', { containers });
}

function refuses(message: string) {
  return (error: unknown) => {
    assert.ok(isSampanError(error, 'NamespaceLimit'), `expected NamespaceLimit, got ${String(error)}`);
    assert.equal(error.message, message);
    return true;
  };
}

describe('limit ranges, at admission', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  it('fill in what a container does not say, and say so', async () => {
    const item = { type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m', memory: '64Mi' } };
    await cluster.registry.create('LimitRange', range(item as LimitRangeItem));
    const pod = await cluster.registry.create('Pod', podWith('a', {}, { limits: { cpu: '1', memory: '1Gi' } }));
    assert.deepEqual(
      pod.spec.containers.map(({ resources }) => resources),
      [
        { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m' } },
        { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
      ],
    );
    assert.equal(
      pod.metadata.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu, memory request for container c0; cpu limit for container c0',
    );
  });

  it('refuse containers out of bounds, in words of their own', async () => {
    const bounds = { type: 'Container', min: { cpu: '100m' }, max: { cpu: '500m' } } as const;
    const ratio = { type: 'Container', maxLimitRequestRatio: { memory: '2' } } as const;
    await cluster.registry.create('LimitRange', range(bounds, ratio));
    const memory = { requests: { memory: '1Gi' }, limits: { memory: '1Gi' } };
    const resources = (request: string, limit: string) => ({
      requests: { ...memory.requests, cpu: request },
      limits: { ...memory.limits, cpu: limit },
    });
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', resources('600m', '600m'))),
      refuses('pods "a" is forbidden: maximum cpu usage per Container is 500m, but limit is 600m'),
    );
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', resources('50m', '500m'))),
      refuses('pods "a" is forbidden: minimum cpu usage per Container is 100m, but request is 50m'),
    );
    const wide = { requests: { cpu: '200m', memory: '1Gi' }, limits: { cpu: '200m', memory: '2560Mi' } };
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', wide)),
      refuses(
        'pods "a" is forbidden: memory max limit to request ratio per Container is 2, but provided ratio is 2.500000',
      ),
    );
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', { requests: { cpu: '200m' }, limits: { cpu: '300m' } })),
      refuses(
        'pods "a" is forbidden: memory max limit to request ratio per Container is 2, but no request is specified or request is 0',
      ),
    );
    await cluster.registry.create('Pod', podWith('a', resources('200m', '300m')));
  });

  it('bound a pod by the sum of its containers', async () => {
    await cluster.registry.create('LimitRange', range({ type: 'Pod', max: { memory: '1Gi' }, min: { cpu: '1' } }));
    const half = { requests: { cpu: '500m', memory: '600Mi' }, limits: { memory: '600Mi' } };
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', half, half)),
      refuses('pods "a" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 1200Mi'),
    );
    const open = { requests: { cpu: '1' } };
    await assert.rejects(
      cluster.registry.create('Pod', podWith('a', half, open)),
      refuses('pods "a" is forbidden: maximum memory usage per Pod is 1Gi.  No limit is specified'),
    );
  });

  it('bound claims, also when they grow', async () => {
    const bounds = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } } as const;
    await cluster.registry.create('LimitRange', range(bounds));
    const claim = (storage: string) => ({
      apiVersion: 'v1' as const,
      kind: 'PersistentVolumeClaim' as const,
      metadata: { name: 'data', namespace: 'default' },
      spec: {
        accessModes: ['ReadWriteOnce' as const],
        resources: { requests: { storage } },
        volumeMode: 'Filesystem' as const,
      },
      status: { phase: 'Pending' as const },
    });
    const refused = (rest: string) => refuses(`persistentvolumeclaims "data" is forbidden: ${rest}`);
    await assert.rejects(
      cluster.registry.create('PersistentVolumeClaim', claim('5Gi')),
      refused('maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 5Gi'),
    );
    await assert.rejects(
      cluster.registry.create('PersistentVolumeClaim', claim('1Mi')),
      refused('minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi'),
    );
    const stored = await cluster.registry.create('PersistentVolumeClaim', claim('1Gi'));
    await assert.rejects(
      cluster.registry.update('PersistentVolumeClaim', { ...stored, spec: claim('3Gi').spec }),
      refused('maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi'),
    );
  });

  it('leave other namespaces, and pods that are there, alone', async () => {
    const pod = await cluster.registry.create('Pod', podWith('a', {}));
    await cluster.registry.create('LimitRange', range({ type: 'Container', max: { cpu: '1m' } }));
    const labelled = await cluster.registry.update('Pod', {
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'other' } },
    });
    assert.deepEqual(labelled.spec, pod.spec);
  });
});
