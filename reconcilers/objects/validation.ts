/**
 * Whether a defaulted object may be stored: Kubernetes' validation, in its words. The registry asks on every write, the manifest
 * reader before a commit is accepted. Pure; all errors of an object at once.
 */
import { type FieldError, invalid, required } from './field-error.ts';
import { isJsonObject, type JsonObject, objectAt } from './json.ts';
import { KINDS, type Kind, type ObjectOf } from './kinds.ts';
import { matchesMapSelector } from './selector.ts';
import { validateUpdateStrategy } from './update-strategy.ts';
import {
  validateAnnotations,
  validateLabels,
  validateMetadata,
  validateMetadataUpdate,
} from './validation-metadata.ts';
import { notNegative, oneOf, validatePodSpec, validatePodUpdate } from './validation-pod.ts';
import { validateEndpointSubsets, validateServiceSpec, validateServiceUpdate } from './validation-service.ts';

/** What is wrong with `object`, which {@link applyDefaults} has completed; empty where nothing is. */
export function validateObject<K extends Kind>(kind: K, object: ObjectOf<K>): FieldError[] {
  const plain = object as unknown as JsonObject;
  return [...validateMetadata(KINDS[kind], plain), ...VALIDATORS[kind](plain)];
}

/** What of the change from `previous` to `next` is not allowed; `next` is valid by itself. */
export function validateUpdate<K extends Kind>(kind: K, next: ObjectOf<K>, previous: ObjectOf<K>): FieldError[] {
  const [after, before] = [next as unknown as JsonObject, previous as unknown as JsonObject];
  const metadata = validateMetadataUpdate(after, before);
  if (kind === 'Pod') return [...metadata, ...validatePodUpdate(after, before)];
  if (kind === 'Service') return [...metadata, ...validateServiceUpdate(after, before)];
  return metadata;
}

const VALIDATORS: { readonly [K in Kind]: (object: JsonObject) => FieldError[] } = {
  Pod: (pod) => validatePodSpec(objectAt(pod, 'spec') ?? {}, 'spec', 'Pod'),
  ReplicationController: validateReplicationController,
  Service: validateServiceSpec,
  Endpoints: validateEndpointSubsets,
  Namespace: () => [],
  Node: () => [],
  Event: validateEvent,
  Lease: (lease) => {
    const seconds = objectAt(lease, 'spec')?.leaseDurationSeconds;
    return typeof seconds === 'number' && seconds <= 0
      ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : [];
  },
  Source: (source) => oneOf(objectAt(source, 'spec')?.onInvalid, ['refuse', 'skip-file'], 'spec.onInvalid'),
};

function validateReplicationController(controller: JsonObject): FieldError[] {
  const spec = objectAt(controller, 'spec') ?? {};
  const template = objectAt(spec, 'template');
  const selector = objectAt(spec, 'selector') ?? {};
  const errors = [
    ...validateUpdateStrategy(strings(objectAt(objectAt(controller, 'metadata'), 'annotations') ?? {})),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : validateLabels(selector, 'spec.selector')),
  ];
  if (template === undefined) return [...errors, required('spec.template')];
  const metadata = objectAt(template, 'metadata');
  const labels = objectAt(metadata, 'labels') ?? {};
  if (Object.keys(selector).length > 0 && !matchesMapSelector(strings(selector), strings(labels))) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid('spec.template.metadata.labels', labels, detail));
  }
  return [
    ...errors,
    ...validateLabels(labels, 'spec.template.metadata.labels'),
    ...validateAnnotations(metadata?.annotations, 'spec.template.metadata.annotations'),
    ...validatePodSpec(objectAt(template, 'spec') ?? {}, 'spec.template.spec', 'ReplicationController'),
  ];
}

/** An event lies in the namespace of what it is about; those about cluster-scoped objects lie in `default`. */
function validateEvent(event: JsonObject): FieldError[] {
  const about = objectAt(event, 'involvedObject');
  if (!isJsonObject(about)) return [required('involvedObject')];
  const namespace = about.namespace ?? '';
  const home = objectAt(event, 'metadata')?.namespace;
  const matches = namespace === home || (namespace === '' && home === 'default');
  return matches ? [] : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
}

function strings(map: JsonObject): Record<string, string> {
  return map as Record<string, string>;
}
