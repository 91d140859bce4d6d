/**
 * A fingerprint of a pod template, or of one container, that stays the same however it is written: with or without defaults,
 * in any key order, with quantities spelled differently. The rollout compares templates by it, the kubelet containers; since a
 * default added by a later version does not change it, an upgrade restarts nothing.
 */
import { createHash } from 'node:crypto';
import { copyJson, equalJson, type JsonObject, objectAt, objectsAt, stableJson, textOf } from './json.ts';
import type { Container, PodTemplateSpec } from './pod.ts';
import { declaredContainersOf, POD_SPEC_DEFAULTS } from './pod-defaults.ts';
import { reduceProbes } from './probe.ts';
import { canonicalQuantity } from './quantity.ts';
import { reduceVolumes } from './volume-defaults.ts';

/** Raised when the rules below change: fingerprints of different versions never match, and are never compared. */
const VERSION = 'v1';

/** `v1-<16 hex digits>` of labels, annotations and spec. */
export function podTemplateHash(template: PodTemplateSpec): string {
  const plain = copyJson(template as unknown as JsonObject);
  const spec = objectAt(plain, 'spec') ?? {};
  for (const container of declaredContainersOf(spec)) reduceContainer(container, spec.hostNetwork === true);
  reduceVolumes(spec);
  delete spec.serviceAccount;
  if (spec.serviceAccountName === 'default') delete spec.serviceAccountName;
  for (const [field, value] of Object.entries(POD_SPEC_DEFAULTS)) {
    if (equalJson(spec[field], value)) delete spec[field];
  }
  dropEmpty(plain);
  return fingerprint(plain);
}

/** `v1-<16 hex digits>` of one container as declared. */
export function containerHash(container: Container, hostNetwork = false): string {
  const plain = copyJson(container as unknown as JsonObject);
  reduceContainer(plain, hostNetwork);
  dropEmpty(plain);
  return fingerprint(plain);
}

function fingerprint(plain: JsonObject): string {
  return `${VERSION}-${createHash('sha256').update(stableJson(plain)).digest('hex').slice(0, 16)}`;
}

/** Takes out of a container everything that defaulting would put back. */
function reduceContainer(container: JsonObject, hostNetwork: boolean): void {
  reduceProbes(container);
  for (const port of objectsAt(container, 'ports')) {
    if (port.protocol === 'TCP') delete port.protocol;
    if (port.hostPort === 0 || (hostNetwork && port.hostPort === port.containerPort)) delete port.hostPort;
  }
  for (const variable of objectsAt(container, 'env')) {
    if (variable.value === '') delete variable.value;
    const field = objectAt(objectAt(variable, 'valueFrom'), 'fieldRef');
    if (field?.apiVersion === 'v1') delete field.apiVersion;
  }
  const limits = objectAt(objectAt(container, 'resources'), 'limits') ?? {};
  const requests = objectAt(objectAt(container, 'resources'), 'requests') ?? {};
  for (const amounts of [limits, requests]) {
    for (const [name, amount] of Object.entries(amounts)) amounts[name] = canonicalQuantity(textOf(amount));
  }
  for (const name of Object.keys(requests)) if (requests[name] === limits[name]) delete requests[name];
}

/** Where `false` is another wish than no word. */
const FALSE_SAYS_SOMETHING = ['enableServiceLinks', 'allowPrivilegeEscalation', 'runAsNonRoot'];

/** An empty selector selects everything, an absent one nothing. */
const EMPTY_SAYS_SOMETHING = ['labelSelector', 'namespaceSelector'];

/** Empty lists, maps and strings, `false` and null say nothing: they read as absent. */
function dropEmpty(object: JsonObject): void {
  for (const [key, value] of Object.entries(object)) {
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object' && item !== null) dropEmpty(item as JsonObject);
    } else if (typeof value === 'object' && value !== null) {
      dropEmpty(value);
    }
    const isCollection = typeof value === 'object' && value !== null;
    const isEmptyCollection = isCollection && Object.keys(value).length === 0 && !EMPTY_SAYS_SOMETHING.includes(key);
    // A label of '' does say something.
    const isUnset = value === null || value === undefined || (value === false && !FALSE_SAYS_SOMETHING.includes(key));
    if (isEmptyCollection || isUnset) delete object[key];
  }
}
