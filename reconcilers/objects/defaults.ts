/**
 * Kubernetes' defaulting of our kinds: what the API server fills in before it validates and stores an object. The registry
 * runs it on every write, the manifest reader before it validates. Never touches its argument.
 *
 * Two deviations: a container's imagePullPolicy stays absent where the author declared none (docs/decisions/0006), and fields
 * that this build does not honour (serviceAccountName, tolerations, ...) are not invented.
 * Source: pkg/apis/core/v1/defaults.go
 */
import { copyJson, type Json, type JsonObject, objectAt, objectsAt } from './json.ts';
import type { Kind, ObjectOf } from './kinds.ts';
import type { Draft } from './meta.ts';

/** `object` with every default filled in. It need not be valid: what is missing or misshapen stays for validation to name. */
export function applyDefaults<K extends Kind>(kind: K, object: Draft<ObjectOf<K>> | JsonObject): ObjectOf<K> {
  const result = copyJson(object as JsonObject);
  setDefault(result, 'metadata', {});
  DEFAULTERS[kind](result);
  return result as unknown as ObjectOf<K>;
}

type Defaulter = (object: JsonObject) => void;

const DEFAULTERS: { readonly [K in Kind]: Defaulter } = {
  Namespace: (namespace) => {
    setDefault(namespace, 'spec', {});
    const metadata = objectAt(namespace, 'metadata') ?? {};
    if (typeof metadata.name === 'string') {
      setDefault(metadata, 'labels', {});
      setDefault(objectAt(metadata, 'labels') ?? {}, 'kubernetes.io/metadata.name', metadata.name);
    }
    setDefault(namespace, 'status', {});
    setDefault(objectAt(namespace, 'status') ?? {}, 'phase', 'Active');
  },
  Node: (node) => {
    setDefault(node, 'spec', {});
    setDefault(node, 'status', {});
  },
  Pod: (pod) => {
    setDefault(pod, 'spec', {});
    const spec = objectAt(pod, 'spec') ?? {};
    defaultPodSpec(spec);
    // Of pods only, not of templates: a request that is not declared is the limit.
    for (const container of objectsAt(spec, 'containers')) defaultRequests(container);
    setDefault(pod, 'status', {});
    setDefault(objectAt(pod, 'status') ?? {}, 'phase', 'Pending');
  },
  ReplicationController: (controller) => {
    setDefault(controller, 'spec', {});
    const spec = objectAt(controller, 'spec') ?? {};
    setDefault(spec, 'replicas', 1);
    const template = objectAt(spec, 'template');
    const labels = objectAt(objectAt(template, 'metadata'), 'labels');
    if (labels !== undefined) {
      if (isEmpty(spec.selector)) spec.selector = copyJson(labels);
      const metadata = objectAt(controller, 'metadata') ?? {};
      if (isEmpty(metadata.labels)) metadata.labels = copyJson(labels);
    }
    if (template !== undefined) {
      setDefault(template, 'metadata', {});
      setDefault(template, 'spec', {});
      defaultPodSpec(objectAt(template, 'spec') ?? {});
    }
    setDefault(controller, 'status', {});
    setDefault(objectAt(controller, 'status') ?? {}, 'replicas', 0);
  },
  Service: (service) => {
    setDefault(service, 'spec', {});
    const spec = objectAt(service, 'spec') ?? {};
    setDefault(spec, 'type', 'ClusterIP');
    setDefault(spec, 'sessionAffinity', 'None');
    for (const port of objectsAt(spec, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (isZero(port.targetPort)) setDefined(port, 'targetPort', port.port);
    }
    defaultClusterIPs(spec);
    setDefault(service, 'status', {});
    setDefault(objectAt(service, 'status') ?? {}, 'loadBalancer', {});
  },
  Endpoints: (endpoints) => {
    for (const subset of objectsAt(endpoints, 'subsets')) {
      for (const port of objectsAt(subset, 'ports')) setDefault(port, 'protocol', 'TCP');
    }
  },
  Event: (event) => {
    setDefault(event, 'type', 'Normal');
    setDefault(event, 'source', {});
    setDefault(event, 'count', 1);
  },
  Lease: (lease) => setDefault(lease, 'spec', {}),
  Source: (source) => {
    setDefault(source, 'status', {});
    const status = objectAt(source, 'status') ?? {};
    for (const list of ['inventory', 'conditions', 'history']) setDefault(status, list, []);
  },
};

/** The values of a pod's plain fields; pod-template-hash.ts leaves out what equals them. */
export const POD_SPEC_DEFAULTS: Readonly<JsonObject> = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
};

function defaultPodSpec(spec: JsonObject): void {
  for (const [field, value] of Object.entries(POD_SPEC_DEFAULTS)) setDefault(spec, field, value);
  for (const container of objectsAt(spec, 'containers')) {
    for (const port of objectsAt(container, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (spec.hostNetwork === true && isZero(port.hostPort)) setDefined(port, 'hostPort', port.containerPort);
    }
  }
}

function defaultRequests(container: JsonObject): void {
  const resources = objectAt(container, 'resources');
  const limits = objectAt(resources, 'limits');
  if (resources === undefined || limits === undefined || isEmpty(limits)) return;
  setDefault(resources, 'requests', {});
  const requests = objectAt(resources, 'requests') ?? {};
  for (const [name, amount] of Object.entries(limits)) setDefault(requests, name, amount);
}

/** `clusterIP` and `clusterIPs` say the same; either may be the one that is given. */
function defaultClusterIPs(spec: JsonObject): void {
  const list = spec.clusterIPs;
  const [first] = Array.isArray(list) ? list : [];
  if (typeof spec.clusterIP === 'string' && spec.clusterIP !== '') {
    if (first === undefined) spec.clusterIPs = [spec.clusterIP];
  } else if (typeof first === 'string') {
    spec.clusterIP = first;
  } else {
    spec.clusterIP = '';
    spec.clusterIPs = [];
  }
}

/** Absent and null both mean "not given"; so does the empty string, as Go cannot tell it from absent. */
function setDefault(object: JsonObject, field: string, value: Json | undefined): void {
  const current = Object.hasOwn(object, field) ? object[field] : undefined;
  if (current === undefined || current === null || current === '') setDefined(object, field, copyJson(value));
}

function setDefined(object: JsonObject, field: string, value: Json | undefined): void {
  if (value !== undefined) object[field] = value;
}

function isZero(value: Json | undefined): boolean {
  return value === undefined || value === null || value === 0 || value === '';
}

function isEmpty(value: Json | undefined): boolean {
  return isZero(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
