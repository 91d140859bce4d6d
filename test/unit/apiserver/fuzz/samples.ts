/** A valid body of every kind, and of what is sent beside objects: what the fuzzer damages. */
import type { JsonObject } from '../../../../reconcilers/objects/json.ts';
import type { Kind } from '../../../../reconcilers/objects/kinds.ts';

const META = { labels: { app: 'web' }, annotations: { 'example.com/note': 'x' }, finalizers: [] };
const POD_SPEC = {
  containers: [
    {
      name: 'app',
      image: 'app',
      command: ['copy'],
      args: ['$(A)'],
      env: [{ name: 'A', value: '1' }],
      ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
      resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true }],
      securityContext: { capabilities: { drop: ['ALL'] } },
    },
  ],
  volumes: [
    {
      name: 'v',
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
          { configMap: { name: 'a', items: [{ key: 'k', path: 'p/q' }] } },
          { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    },
  ],
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }],
};
/** Linux connects to no address of this network: whatever is proxied stays on the machine. */
const NOWHERE = '0.0.0.7';
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: POD_SPEC };
const POD_REFERENCE = { kind: 'Pod', namespace: 'default', name: 'a' };

const BODIES: Readonly<Record<Kind, JsonObject>> = {
  Namespace: { spec: { finalizers: ['kubernetes'] } },
  Node: {
    spec: { unschedulable: true, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
    status: {
      capacity: { cpu: '4', memory: '8Gi' },
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    },
  },
  ResourceQuota: { spec: { hard: { persistentvolumeclaims: '100', 'requests.storage': '50Gi' } } },
  LimitRange: {
    spec: {
      limits: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '100m' }, max: { cpu: '2' } }],
    },
  },
  ServiceAccount: { automountServiceAccountToken: true, secrets: [{ name: 'a' }] },
  Secret: { type: 'Opaque', data: { k: 'djE=' }, stringData: { l: 'x' } },
  ConfigMap: { data: { k: 'v', l: 'multi\nline' }, binaryData: { b: 'AAE=' }, immutable: false },
  StorageClass: {
    provisioner: 'sampan.dev/local',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
    parameters: { a: 'b' },
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a'] }] }],
  },
  PersistentVolume: {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data' },
      persistentVolumeReclaimPolicy: 'Retain',
    },
  },
  PersistentVolumeClaim: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
  },
  Service: {
    spec: {
      type: 'NodePort',
      selector: { app: 'web' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      sessionAffinity: 'None',
    },
  },
  Endpoints: {
    subsets: [{ addresses: [{ ip: NOWHERE, targetRef: POD_REFERENCE }], ports: [{ name: 'http', port: 80 }] }],
  },
  EndpointSlice: {
    addressType: 'IPv4',
    endpoints: [{ addresses: [NOWHERE], conditions: { ready: true }, targetRef: POD_REFERENCE }],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  },
  PodTemplate: { template: TEMPLATE },
  PodDisruptionBudget: { spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } } },
  ReplicationController: {
    spec: { replicas: 2, selector: { app: 'web' }, template: TEMPLATE },
    status: { replicas: 1, readyReplicas: 0 },
  },
  Pod: {
    spec: POD_SPEC,
    status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }], podIP: '127.0.0.1' },
  },
  Event: {
    involvedObject: { kind: 'Pod', name: 'a' },
    reason: 'Started',
    message: 'it runs',
    type: 'Normal',
    count: 1,
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:05Z',
    source: { component: 'fuzz' },
  },
  Lease: {
    spec: {
      holderIdentity: 'me',
      leaseDurationSeconds: 40,
      renewTime: '2026-01-02T03:04:05.000000Z',
      leaseTransitions: 1,
    },
  },
  Source: {
    spec: { location: '/tmp/x', type: 'folder', onInvalid: 'refuse', pruneLimit: 0.5 },
    status: { inventory: [], conditions: [], history: [] },
  },
};

export interface Typed {
  readonly kind: Kind;
  readonly apiVersion: string;
}

/** `namespace`: '' leaves it to the URL. */
export function sampleOf({ kind, apiVersion }: Typed, name: string, namespace = ''): JsonObject {
  const metadata = { name, ...META, ...(namespace !== '' && { namespace }) };
  const about = kind === 'Event' ? { involvedObject: { ...POD_REFERENCE, namespace: namespace || 'default' } } : {};
  return { apiVersion, kind, metadata, ...BODIES[kind], ...about };
}

/** By the end of the path they are sent to. */
export const REQUEST_BODIES: Readonly<Record<string, JsonObject>> = {
  eviction: {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'a' },
    deleteOptions: { gracePeriodSeconds: 0, preconditions: { uid: 'x' }, dryRun: ['All'] },
  },
  scale: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 3 } },
  binding: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'here' } },
  token: {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['api'], expirationSeconds: 600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'a' } },
  },
  ephemeralcontainers: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [], ephemeralContainers: [{ name: 'debug', image: 'app', targetContainerName: 'app' }] },
  },
  selfsubjectaccessreviews: {
    spec: { resourceAttributes: { namespace: 'default', verb: 'list', resource: 'pods', group: '*' } },
  },
  selfsubjectrulesreviews: { spec: { namespace: 'default' } },
  subjectaccessreviews: {
    spec: { user: 'eve', groups: ['a'], extra: { k: ['v'] }, nonResourceAttributes: { path: '/x', verb: 'get' } },
  },
  localsubjectaccessreviews: {
    metadata: { namespace: 'default' },
    spec: { user: 'eve', resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } },
  },
  selfsubjectreviews: {},
  tokenreviews: { spec: { token: 'admin-token', audiences: ['api'] } },
};

export const DELETE_OPTIONS: JsonObject = {
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  gracePeriodSeconds: 1,
  propagationPolicy: 'Foreground',
  preconditions: { uid: 'x', resourceVersion: '3' },
  orphanDependents: false,
  dryRun: ['All'],
};
