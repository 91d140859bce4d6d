/**
 * Validation of pods and of the templates they are made from, and of what may change in a running one. Called by validation.ts.
 * Source: pkg/apis/core/validation/validation.go (ValidatePodSpec, validateContainers, ValidatePodUpdate).
 */
import { changedFields } from './changed-fields.ts';
import { setDefault } from './defaulting.ts';
import { duplicate, type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { copyJson, type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel, dnsSubdomain, envVarName, ipAddress, portName, portNumber } from './name-formats.ts';
import { compareQuantities } from './quantity.ts';
import { validateLabels } from './validation-metadata.ts';
import { validateProbes, validateReadinessGates } from './validation-probes.ts';
import { validateOnlyAdded, validateTolerations } from './validation-taints.ts';
import { validateVolumeMounts, validateVolumes } from './validation-volumes.ts';

export const PROTOCOLS = ['TCP', 'UDP'] as const;
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'] as const;
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
const DNS_POLICIES = ['ClusterFirst', 'Default'] as const;
const ACCOUNT_FIELDS = ['serviceAccountName', 'serviceAccount', 'automountServiceAccountToken'] as const;
const RESOURCES = ['cpu', 'memory'] as const;

/** A defaulted pod spec at `path`; a ReplicationController's may only restart always. */
export function validatePodSpec(spec: JsonObject, path: string, owner: 'Pod' | 'ReplicationController'): FieldError[] {
  const restartPolicies = owner === 'Pod' ? RESTART_POLICIES : (['Always'] as const);
  const at = (field: string) => child(path, field);
  const grace = spec.terminationGracePeriodSeconds;
  return [
    ...validateVolumes(spec, at('volumes')),
    ...validateContainers(spec, at('containers')),
    ...oneOf(spec.restartPolicy, restartPolicies, at('restartPolicy')),
    ...oneOf(spec.dnsPolicy, DNS_POLICIES, at('dnsPolicy')),
    ...notNegative(grace, at('terminationGracePeriodSeconds')),
    ...validateLabels(spec.nodeSelector, at('nodeSelector')),
    ...matchesFormat(spec.nodeName, dnsSubdomain, at('nodeName')),
    ...matchesFormat(spec.hostname, dnsLabel, at('hostname')),
    ...matchesFormat(spec.serviceAccountName, dnsSubdomain, at('serviceAccountName')),
    ...validateTolerations(spec, at('tolerations')),
    ...validateReadinessGates(spec, at('readinessGates')),
  ];
}

/** Only images may change, tolerations be added, and the node may be set once, which is how binding writes it. */
export function validatePodUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [copyJson(objectAt(next, 'spec') ?? {}), copyJson(objectAt(previous, 'spec') ?? {})];
  const [containers, past] = [objectsAt(after, 'containers'), objectsAt(before, 'containers')];
  if (containers.length !== past.length) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')];
  }
  for (const container of [...containers, ...past]) delete container.image;
  if ((before.nodeName ?? '') === '') delete after.nodeName;
  // Pods that were stored before it was defaulted have none.
  setDefault(before, 'securityContext', {});
  // A pod of a daemon that knew no accounts: to say now whom it is changes nothing of it.
  if (before.serviceAccountName === undefined) {
    for (const spec of [after, before]) for (const field of ACCOUNT_FIELDS) delete spec[field];
  }
  const tolerations = validateOnlyAdded(after, before, 'spec.tolerations');
  delete after.tolerations;
  delete before.tolerations;
  const changed = changedFields(before, after).map((field) => child('spec', field));
  if (changed.length === 0) return tolerations;
  const detail =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.tolerations` (only additions to existing tolerations)';
  return [...tolerations, forbidden('spec', `${detail} (changed: ${changed.join(', ')})`)];
}

function validateContainers(spec: JsonObject, path: string): FieldError[] {
  const containers = objectsAt(spec, 'containers');
  if (containers.length === 0) return [required(path)];
  const names = new Set<Json>();
  const hostPorts = new Set<string>();
  return containers.flatMap((container, i) => {
    const at = element(path, i);
    const portNames = new Set<Json>();
    return [
      ...validateContainerCommon(container, spec, at, names),
      ...objectsAt(container, 'ports').flatMap((port, j) =>
        validateContainerPort(port, element(child(at, 'ports'), j), spec, portNames, hostPorts),
      ),
      ...validateResources(objectAt(container, 'resources') ?? {}, child(at, 'resources')),
      ...validateProbes(container, spec.terminationGracePeriodSeconds, at),
    ];
  });
}

/** What holds for containers of every sort, of this pod's. Adds to `names`, those of its containers before it. */
export function validateContainerCommon(
  container: JsonObject,
  spec: JsonObject,
  at: string,
  names: Set<Json>,
): FieldError[] {
  const { name, image } = container;
  const taken = (name ?? '') !== '' && names.has(name as Json);
  names.add(name as Json);
  return [
    ...((name ?? '') === '' ? [required(child(at, 'name'))] : matchesFormat(name, dnsLabel, child(at, 'name'))),
    ...(taken ? [duplicate(child(at, 'name'), name)] : []),
    ...validateImage(image, child(at, 'image')),
    ...oneOf(container.imagePullPolicy, PULL_POLICIES, child(at, 'imagePullPolicy')),
    ...validateEnv(container, child(at, 'env')),
    ...validateVolumeMounts(container, spec, child(at, 'volumeMounts')),
  ];
}

function validateImage(image: Json | undefined, path: string): FieldError[] {
  if (typeof image !== 'string' || image === '') return [required(path)];
  return image === image.trim() ? [] : [invalid(path, image, 'must not have leading or trailing whitespace')];
}

/** Adds to `names` and `hostPorts` what the port takes. */
function validateContainerPort(
  port: JsonObject,
  path: string,
  spec: JsonObject,
  names: Set<Json>,
  hostPorts: Set<string>,
): FieldError[] {
  const { name = '', containerPort = 0, hostPort = 0, hostIP = '', protocol } = port;
  const at = (field: string) => child(path, field);
  const errors: FieldError[] = [];
  if (name !== '') {
    errors.push(...matchesFormat(name, portName, at('name')));
    if (names.has(name)) errors.push(duplicate(at('name'), name));
    names.add(name);
  }
  if (containerPort === 0) errors.push(required(at('containerPort')));
  else errors.push(...validPort(containerPort, at('containerPort')));
  if (hostPort !== 0) {
    errors.push(...validPort(hostPort, at('hostPort')));
    const claim = [protocol, hostIP, hostPort].map(textOf).join('/');
    if (hostPorts.has(claim)) errors.push(duplicate(at('hostPort'), claim));
    hostPorts.add(claim);
  }
  if (spec.hostNetwork === true && hostPort !== containerPort) {
    errors.push(invalid(at('containerPort'), containerPort, 'must match `hostPort` when `hostNetwork` is true'));
  }
  if (hostIP !== '') errors.push(...matchesFormat(hostIP, ipAddress, at('hostIP')));
  errors.push(...oneOf(protocol, PROTOCOLS, at('protocol')));
  return errors;
}

function validateEnv(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'env').flatMap(({ name }, i) => {
    const at = child(element(path, i), 'name');
    return (name ?? '') === '' ? [required(at)] : matchesFormat(name, envVarName, at);
  });
}

function validateResources(resources: JsonObject, path: string): FieldError[] {
  const limits = objectAt(resources, 'limits') ?? {};
  const requests = objectAt(resources, 'requests') ?? {};
  const errors: FieldError[] = [];
  for (const [kind, amounts] of Object.entries({ limits, requests })) {
    for (const [name, amount] of Object.entries(amounts)) {
      // A request that defaulting copied from its limit has nothing wrong of its own.
      if (amounts === requests && amount === limits[name]) continue;
      const at = element(child(path, kind), name);
      errors.push(...oneOf(name, RESOURCES, at));
      if (compareQuantities(textOf(amount), '0') < 0) {
        errors.push(invalid(at, amount, 'must be greater than or equal to 0'));
      }
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit !== undefined && compareQuantities(textOf(request), textOf(limit)) > 0) {
      const detail = `must be less than or equal to ${name} limit of ${textOf(limit)}`;
      errors.push(invalid(child(path, 'requests'), request, detail));
    }
  }
  return errors;
}

/** Absent values pass: whether a field is required is for its caller to say. */
export function oneOf(value: Json | undefined, supported: readonly string[], path: string): FieldError[] {
  return value === undefined || supported.includes(value as string) ? [] : [unsupported(path, value, supported)];
}

export function notNegative(value: Json | undefined, path: string): FieldError[] {
  return typeof value === 'number' && value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
}

/** Absent and empty values pass. */
export function matchesFormat(value: Json | undefined, format: (text: string) => string[], path: string): FieldError[] {
  if (value === undefined || value === '') return [];
  return format(textOf(value)).map((text) => invalid(path, value, text));
}

export function validPort(value: Json | undefined, path: string): FieldError[] {
  return portNumber(Number(value)).map((text) => invalid(path, value, text));
}
