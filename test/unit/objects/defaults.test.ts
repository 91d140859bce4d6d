import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { ALL_KINDS } from '../../../reconcilers/objects/kinds.ts';

describe('defaulting', () => {
  it('fills in a pod as Kubernetes does, but declares no pull policy and no service account', () => {
    const pod = applyDefaults('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: {
        hostNetwork: true,
        containers: [
          {
            name: 'web',
            image: 'web',
            ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP', hostPort: 5353 }],
            resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
          },
        ],
      },
    });
    assert.deepEqual(pod.spec, {
      hostNetwork: true,
      containers: [
        {
          name: 'web',
          image: 'web',
          ports: [
            { containerPort: 80, protocol: 'TCP', hostPort: 80 },
            { containerPort: 53, protocol: 'UDP', hostPort: 5353 },
          ],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      enableServiceLinks: true,
    });
    assert.deepEqual(pod.status, { phase: 'Pending' });
  });

  it("gives a ReplicationController its template's labels and one replica, and leaves the template's requests alone", () => {
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web', resources: { limits: { cpu: '1' } } }] },
    };
    const rc = applyDefaults('ReplicationController', { metadata: { name: 'web' }, spec: { template } });
    assert.deepEqual(rc.metadata.labels, { app: 'web' });
    assert.deepEqual(rc.spec.selector, { app: 'web' });
    assert.equal(rc.spec.replicas, 1);
    assert.deepEqual(rc.spec.template.spec.containers[0]?.resources, { limits: { cpu: '1' } });
    assert.equal(rc.spec.template.spec.restartPolicy, 'Always');
    assert.deepEqual(rc.status, { replicas: 0 });
  });

  it('keeps what was declared, also zero and false', () => {
    const rc = applyDefaults('ReplicationController', {
      metadata: { name: 'web', labels: { own: 'x' } },
      spec: {
        replicas: 0,
        selector: { app: 'web' },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { enableServiceLinks: false, terminationGracePeriodSeconds: 0 },
        },
      },
    });
    assert.equal(rc.spec.replicas, 0);
    assert.deepEqual(rc.metadata.labels, { own: 'x' });
    assert.equal(rc.spec.template.spec.enableServiceLinks, false);
    assert.equal(rc.spec.template.spec.terminationGracePeriodSeconds, 0);
  });

  it('fills in a Service', () => {
    const service = applyDefaults('Service', {
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }, { port: 53, protocol: 'UDP', targetPort: 'dns' }] },
    });
    assert.deepEqual(service.spec, {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      clusterIP: '',
      internalTrafficPolicy: 'Cluster',
      ports: [
        { port: 80, protocol: 'TCP', targetPort: 80 },
        { port: 53, protocol: 'UDP', targetPort: 'dns' },
      ],
    });
    assert.deepEqual(service.status, { loadBalancer: {} });
    const ips = (spec: JsonObject) => {
      const { clusterIP, clusterIPs } = applyDefaults('Service', { metadata: { name: 'x' }, spec }).spec;
      return [clusterIP, ...(clusterIPs ?? [])];
    };
    assert.deepEqual(ips({ clusterIP: 'None' }), ['None', 'None']);
    assert.deepEqual(ips({ clusterIPs: ['10.0.0.1'] }), ['10.0.0.1', '10.0.0.1']);
  });

  it('labels a Namespace with its name', () => {
    const { metadata, status } = applyDefaults('Namespace', { metadata: { name: 'x' } });
    assert.deepEqual([metadata.labels, status], [{ 'kubernetes.io/metadata.name': 'x' }, { phase: 'Active' }]);
  });

  for (const { kind } of ALL_KINDS) {
    it(`of a ${kind} changes nothing the second time, and never its argument`, () => {
      const object = Object.freeze({ metadata: Object.freeze({ name: 'x' }) }) as JsonObject;
      const once = applyDefaults(kind, object);
      assert.deepEqual(applyDefaults(kind, once as unknown as JsonObject), once);
      assert.deepEqual(object, { metadata: { name: 'x' } });
    });
  }
});
