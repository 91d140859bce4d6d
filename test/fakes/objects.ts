/** Short ways to the objects that controllers' tests need, valid and complete; `change` sets whatever a test is about. */
import type { Node } from '../../reconcilers/objects/cluster.ts';
import type { Draft } from '../../reconcilers/objects/meta.ts';
import type { Pod, PodSpec } from '../../reconcilers/objects/pod.ts';
import type { ReplicationController } from '../../reconcilers/objects/replication-controller.ts';
import type { Service } from '../../reconcilers/objects/service.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';

const POD_SPEC: Omit<PodSpec, 'containers'> = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
};

/** One container, named after the label `app`, on port 8080. */
export function podSpec(app: string, image = `${app}:1`, spec: Partial<PodSpec> = {}): PodSpec {
  const ports = [{ name: 'http', containerPort: 8080, protocol: 'TCP' as const }];
  return { ...POD_SPEC, containers: [{ name: app, image, ports }], ...spec };
}

export function draftPod(name: string, app: string, spec: Partial<PodSpec> = {}): Draft<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app } },
    spec: podSpec(app, undefined, spec),
    status: { phase: 'Pending' },
  };
}

export function draftController(
  name: string,
  replicas: number,
  metadata: Partial<Draft<ReplicationController>['metadata']> = {},
): Draft<ReplicationController> {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { replicas, selector: { app: name }, template: { metadata: { labels: { app: name } }, spec: podSpec(name) } },
    status: { replicas: 0 },
  };
}

export function draftService(name: string, spec: Partial<Service['spec']> = {}): Draft<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      type: 'ClusterIP',
      clusterIP: '',
      clusterIPs: [],
      selector: { app: name },
      ports: [{ protocol: 'TCP', port: 80, targetPort: 8080 }],
      sessionAffinity: 'None',
      ...spec,
    },
    status: { loadBalancer: {} },
  };
}

export function draftNode(name: string, allocatable: Record<string, string> = {}): Draft<Node> {
  const offered = { cpu: '2', memory: '4Gi', pods: '110', ...allocatable };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: { capacity: offered, allocatable: offered, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** What a kubelet would report: running at `podIP`, ready or not. */
export async function reportPod(client: ObjectClient, name: string, podIP: string, ready = true): Promise<void> {
  const pod = await client.get('Pod', { namespace: 'default', name });
  if (pod === undefined) throw new Error(`there is no pod ${name}`);
  const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== 'Ready');
  conditions.push({ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-02T03:04:05Z' });
  const metadata = { ...pod.metadata, resourceVersion: '' };
  await client.updateStatus('Pod', {
    ...pod,
    metadata,
    status: { ...pod.status, phase: 'Running', podIP, conditions },
  });
}
