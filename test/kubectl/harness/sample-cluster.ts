/**
 * A small cluster as its loops would have left it: a node, a controller with one pod that runs and one that waits, a Service with its
 * endpoints, and one of everything else a person looks at. Tests of what kubectl shows begin with it.
 */
import type { Kind } from '../../../reconcilers/objects/kinds.ts';
import type { TestCluster } from '../../fakes/test-cluster.ts';

const CREATED = '2026-01-02T03:04:05Z';

export async function fillCluster({ registry, clock }: TestCluster): Promise<void> {
  const create = (kind: Kind, name: string, rest: object, metadata: object = {}) =>
    registry.create(kind, { metadata: { name, namespace: 'default', ...metadata }, ...rest } as never);
  const labels = { app: 'web' };
  const containers = [
    {
      name: 'web',
      image: 'nginx:1.27',
      ports: [{ name: 'http', containerPort: 80 }],
      env: [{ name: 'MODE', value: 'fast' }],
      resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    },
  ];
  await registry.create('Node', NODE as never);
  const controller = await create(
    'ReplicationController',
    'web',
    {
      spec: { replicas: 2, selector: labels, template: { metadata: { labels }, spec: { containers } } },
      status: { replicas: 2, readyReplicas: 1, availableReplicas: 1, fullyLabeledReplicas: 2 },
    },
    { labels },
  );
  const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: controller.metadata.uid };
  const owned = { labels, ownerReferences: [{ ...owner, controller: true }] };
  const running = await create('Pod', 'web-1', { spec: { containers, nodeName: 'n1' }, status: RUNNING }, owned);
  await create('Pod', 'web-2', { spec: { containers }, status: { phase: 'Pending' } }, owned);
  const ports = [{ port: 80, targetPort: 'http' }];
  await create('Service', 'web', { spec: { selector: labels, clusterIP: '10.96.0.80', ports } }, { labels });
  const targetRef = { kind: 'Pod', namespace: 'default', name: 'web-1', uid: running.metadata.uid };
  await create('Endpoints', 'web', {
    subsets: [{ addresses: [{ ip: '10.244.0.7', nodeName: 'n1', targetRef }], ports: [{ port: 80, protocol: 'TCP' }] }],
  });
  await create(
    'EndpointSlice',
    'web-x7k2p',
    {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.7'], conditions: { ready: true }, nodeName: 'n1', targetRef }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    },
    { labels: { 'kubernetes.io/service-name': 'web' } },
  );
  await create('ConfigMap', 'settings', { data: { colour: 'blue', 'app.conf': 'a=1\nb=2\n' } });
  await create('Secret', 'door', { data: { key: 'b3BlbiBzZXNhbWU=' } });
  await create('ServiceAccount', 'robot', {});
  await create('ResourceQuota', 'most', {
    spec: { hard: { pods: '10', 'limits.memory': '1Gi' } },
    status: { hard: { pods: '10', 'limits.memory': '1Gi' }, used: { pods: '2', 'limits.memory': '256Mi' } },
  });
  await create('LimitRange', 'each', { spec: { limits: [{ type: 'Container', default: { cpu: '500m' } }] } });
  await create('PersistentVolumeClaim', 'disk', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await create('PodDisruptionBudget', 'web', {
    spec: { selector: { matchLabels: labels }, minAvailable: 1 },
    status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2 },
  });
  await registry.create('Source', SOURCE as never);
  const about = { apiVersion: 'v1', namespace: 'default' };
  await create('Event', 'web-1.1', {
    involvedObject: { ...about, kind: 'Pod', name: 'web-1', uid: running.metadata.uid },
    ...{ reason: 'Started', message: 'Started container web', type: 'Normal', count: 2 },
    ...{ source: { component: 'kubelet', host: 'n1' }, firstTimestamp: CREATED, lastTimestamp: '2026-01-02T03:06:05Z' },
  });
  await create('Event', 'web-2.1', {
    involvedObject: { ...about, kind: 'Pod', name: 'web-2' },
    ...{ reason: 'FailedScheduling', message: '0/1 nodes are available', type: 'Warning', count: 1 },
    ...{ source: { component: 'scheduler' }, firstTimestamp: CREATED, lastTimestamp: CREATED },
  });
  await clock.advance(130_000);
}

const NODE = {
  metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/hostname': 'n1' } },
  spec: { podCIDR: '10.244.0.0/24' },
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'n1' },
    ],
    conditions: [
      {
        type: 'MemoryPressure',
        status: 'False',
        reason: 'KubeletHasSufficientMemory',
        message: 'kubelet has sufficient memory available',
        lastHeartbeatTime: CREATED,
        lastTransitionTime: CREATED,
      },
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'kubelet is posting ready status',
        lastHeartbeatTime: CREATED,
        lastTransitionTime: CREATED,
      },
    ],
    nodeInfo: {
      kubeletVersion: 'v0.1.0',
      osImage: 'Debian GNU/Linux 12',
      kernelVersion: '6.1.0',
      containerRuntimeVersion: 'docker://28.0.1',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  },
};

const RUNNING = {
  phase: 'Running',
  podIP: '10.244.0.7',
  hostIP: '192.0.2.1',
  startTime: CREATED,
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: CREATED }],
  containerStatuses: [
    {
      name: 'web',
      image: 'nginx:1.27',
      imageID: 'docker://sha256:1234',
      containerID: 'docker://abcd',
      ready: true,
      started: true,
      restartCount: 3,
      state: { running: { startedAt: '2026-01-02T03:05:05Z' } },
      lastState: {
        terminated: { exitCode: 1, reason: 'Error', startedAt: CREATED, finishedAt: '2026-01-02T03:05:05Z' },
      },
    },
  ],
};

const SOURCE = {
  metadata: { name: 'shop' },
  spec: { location: '/srv/shop', onInvalid: 'refuse' },
  status: {
    appliedRevision: '3f2a91c',
    appliedAt: CREATED,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Applied', message: 'all applied', lastTransitionTime: CREATED },
    ],
  },
};
