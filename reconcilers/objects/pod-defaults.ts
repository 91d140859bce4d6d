/** Kubernetes' defaulting of pod specs, of pods and of templates. Source: pkg/apis/core/v1/defaults.go */
import { isEmpty, isZero, setDefault, setDefined } from './defaulting.ts';
import { type JsonObject, objectAt, objectsAt } from './json.ts';
import { defaultProbes } from './probe.ts';
import { defaultVolumes } from './volume-defaults.ts';

/** The values of a pod's plain fields; pod-template-hash.ts leaves out what equals them. */
export const POD_SPEC_DEFAULTS: Readonly<JsonObject> = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
};

export function defaultPodSpec(spec: JsonObject): void {
  // Validation refuses none, but is not the first to look at them: LimitRanges and quotas are.
  setDefault(spec, 'containers', []);
  for (const [field, value] of Object.entries(POD_SPEC_DEFAULTS)) setDefault(spec, field, value);
  setDefault(spec, 'serviceAccountName', spec.serviceAccount);
  if (!isEmpty(spec.serviceAccountName)) spec.serviceAccount = spec.serviceAccountName;
  defaultVolumes(spec);
  for (const container of [...declaredContainersOf(spec), ...objectsAt(spec, 'ephemeralContainers')]) {
    defaultVariables(container);
  }
  for (const container of declaredContainersOf(spec)) {
    defaultProbes(container);
    for (const port of objectsAt(container, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (spec.hostNetwork === true && isZero(port.hostPort)) setDefined(port, 'hostPort', port.containerPort);
    }
  }
}

function defaultVariables(container: JsonObject): void {
  for (const variable of objectsAt(container, 'env')) {
    const field = objectAt(objectAt(variable, 'valueFrom'), 'fieldRef');
    if (field !== undefined) setDefault(field, 'apiVersion', 'v1');
  }
}

/** The init containers and the others. */
export function declaredContainersOf(spec: JsonObject): JsonObject[] {
  return [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')];
}

/** Of pods only, not of templates: a request that is not declared is the limit. */
export function defaultRequests(container: JsonObject): void {
  const resources = objectAt(container, 'resources');
  const limits = objectAt(resources, 'limits');
  if (resources === undefined || limits === undefined || isEmpty(limits)) return;
  setDefault(resources, 'requests', {});
  const requests = objectAt(resources, 'requests') ?? {};
  for (const [name, amount] of Object.entries(limits)) setDefault(requests, name, amount);
}
