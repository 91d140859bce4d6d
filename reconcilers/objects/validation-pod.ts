/**
 * Validation of pods and of the templates they are made from. Called by validation.ts; what may change in a pod is in
 * validation-pod-update.ts. Source: pkg/apis/core/validation/validation.go (ValidatePodSpec, validateContainers,
 * validateInitContainers).
 */
import { duplicate, type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel, dnsSubdomain, ipAddress, portName, portNumber } from './name-formats.ts';
import { compareQuantities } from './quantity.ts';
import { validateAffinity } from './validation-affinity.ts';
import { validateEnv, validateEnvFrom } from './validation-env.ts';
import { validateLabels } from './validation-metadata.ts';
import { validatePodNames } from './validation-pod-names.ts';
import { validateProbes, validateReadinessGates } from './validation-probes.ts';
import { validateContainerSecurity, validatePodSecurity } from './validation-security.ts';
import { validateSpreadConstraints } from './validation-spread.ts';
import { validateTolerations } from './validation-taints.ts';
import { validateVolumeMounts, validateVolumes } from './validation-volumes.ts';

export const PROTOCOLS = ['TCP', 'UDP'] as const;
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'] as const;
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'] as const;
const RESOURCES = ['cpu', 'memory'] as const;
/** Of use for what runs on, so not for what is waited for until it ends. */
const OF_SIDECARS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const;
/** What fits in 32 bits. */
const MAX_SECONDS = 2 ** 31 - 1;

/** A defaulted pod spec at `path`; a ReplicationController's may only restart always. */
export function validatePodSpec(spec: JsonObject, path: string, owner: 'Pod' | 'ReplicationController'): FieldError[] {
  const restartPolicies = owner === 'Pod' ? RESTART_POLICIES : (['Always'] as const);
  const at = (field: string) => child(path, field);
  const grace = spec.terminationGracePeriodSeconds;
  const claims: Claims = { names: new Set(), hostPorts: new Set() };
  return [
    ...validateVolumes(spec, at('volumes')),
    ...validateContainers(spec, at('containers'), claims),
    ...validateInitContainers(spec, at('initContainers'), claims),
    ...oneOf(spec.restartPolicy, restartPolicies, at('restartPolicy')),
    ...notNegative(grace, at('terminationGracePeriodSeconds')),
    ...validateDeadline(spec.activeDeadlineSeconds, owner, at('activeDeadlineSeconds')),
    ...validateLabels(spec.nodeSelector, at('nodeSelector')),
    ...matchesFormat(spec.nodeName, dnsSubdomain, at('nodeName')),
    ...validatePodNames(spec, path),
    ...validatePodSecurity(spec, path),
    ...matchesFormat(spec.serviceAccountName, dnsSubdomain, at('serviceAccountName')),
    ...validateTolerations(spec, at('tolerations')),
    ...validateAffinity(spec, at('affinity')),
    ...validateSpreadConstraints(spec, at('topologySpreadConstraints')),
    ...validateReadinessGates(spec, at('readinessGates')),
  ];
}

function validateDeadline(value: Json | undefined, owner: string, path: string): FieldError[] {
  if (value === undefined) return [];
  if (owner !== 'Pod') return [forbidden(path, `activeDeadlineSeconds in ${owner} is not Supported`)];
  const isValid = typeof value === 'number' && value >= 1 && value <= MAX_SECONDS;
  return isValid ? [] : [invalid(path, value, `must be between 1 and ${MAX_SECONDS}, inclusive`)];
}

/** Of the pod's containers together, none may claim what another has. */
interface Claims {
  readonly names: Set<Json>;
  readonly hostPorts: Set<string>;
}

function validateContainers(spec: JsonObject, path: string, claims: Claims): FieldError[] {
  const containers = objectsAt(spec, 'containers');
  if (containers.length === 0) return [required(path)];
  return containers.flatMap((container, i) => {
    const at = element(path, i);
    return [
      ...validateContainer(container, spec, at, claims),
      ...(container.restartPolicy === undefined
        ? []
        : [forbidden(child(at, 'restartPolicy'), 'may not be set for non-init containers')]),
    ];
  });
}

function validateInitContainers(spec: JsonObject, path: string, claims: Claims): FieldError[] {
  return objectsAt(spec, 'initContainers').flatMap((container, i) => {
    const at = element(path, i);
    const isSidecar = container.restartPolicy !== undefined;
    // It has ended, and let go of its ports, before anything else starts.
    const own = isSidecar ? claims : { ...claims, hostPorts: new Set<string>() };
    const misplaced = isSidecar ? [] : OF_SIDECARS.filter((field) => container[field] !== undefined);
    return [
      ...validateContainer(container, spec, at, own),
      ...oneOf(container.restartPolicy, ['Always'], child(at, 'restartPolicy')),
      ...misplaced.map((field) =>
        forbidden(child(at, field), 'may not be set for init containers without restartPolicy=Always'),
      ),
    ];
  });
}

/** Of a container that the pod is made with. Adds to the claims. */
function validateContainer(
  container: JsonObject,
  spec: JsonObject,
  at: string,
  { names, hostPorts }: Claims,
): FieldError[] {
  const portNames = new Set<Json>();
  return [
    ...validateContainerCommon(container, spec, at, names),
    ...objectsAt(container, 'ports').flatMap((port, j) =>
      validateContainerPort(port, element(child(at, 'ports'), j), spec, portNames, hostPorts),
    ),
    ...validateResources(objectAt(container, 'resources') ?? {}, child(at, 'resources')),
    ...validateProbes(container, spec.terminationGracePeriodSeconds, at),
  ];
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
    ...oneOf(container.terminationMessagePolicy, MESSAGE_POLICIES, child(at, 'terminationMessagePolicy')),
    ...oneOf(container.imagePullPolicy, PULL_POLICIES, child(at, 'imagePullPolicy')),
    ...validateEnv(container, child(at, 'env')),
    ...validateEnvFrom(container, child(at, 'envFrom')),
    ...validateVolumeMounts(container, spec, child(at, 'volumeMounts')),
    ...validateContainerSecurity(container, at),
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
