/**
 * Validation of ephemeral containers, and of what may change in them. The page of Pod asks on every write, the API server on writes to
 * their subresource. Source: pkg/apis/core/validation/validation.go (validateEphemeralContainers, ValidatePodEphemeralContainersUpdate).
 */
import { type FieldError, forbidden, notFound } from './field-error.ts';
import { child, element } from './field-path.ts';
import { equalJson, type Json, type JsonObject, objectsAt, textOf } from './json.ts';
import { validateContainerCommon } from './validation-pod.ts';

const FIELD = 'ephemeralContainers';
/** Promises that nobody keeps for a container that is only there for a while. */
const NOT_ALLOWED = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
];

/** Of a pod's spec. */
export function validateEphemeralContainers(spec: JsonObject): FieldError[] {
  const targets = new Set<Json>(objectsAt(spec, 'containers').map(({ name }) => name ?? ''));
  const names = new Set(targets);
  return objectsAt(spec, FIELD).flatMap((container, i) => {
    const at = element(child('spec', FIELD), i);
    const { targetContainerName: target = '' } = container;
    return [
      ...validateContainerCommon(container, spec, at, names),
      ...NOT_ALLOWED.filter((field) => isSet(container[field])).map((field) =>
        forbidden(child(at, field), 'cannot be set for an Ephemeral Container'),
      ),
      ...validateWholeMounts(container, child(at, 'volumeMounts')),
      ...(target === '' || targets.has(target) ? [] : [notFound(child(at, 'targetContainerName'), target)]),
    ];
  });
}

/** Parts of volumes would be made for a container that is only there for a while. */
function validateWholeMounts(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'volumeMounts').flatMap((mount, i) =>
    ['subPath', 'subPathExpr']
      .filter((field) => isSet(mount[field]))
      .map((field) => forbidden(child(element(path, i), field), 'cannot be set for an Ephemeral Container')),
  );
}

/** A new pod has none. */
export function validateNoneAtCreation(spec: JsonObject): FieldError[] {
  return objectsAt(spec, FIELD).length === 0 ? [] : [forbidden(child('spec', FIELD), 'cannot be set on create')];
}

/** Nor has a template, at `path`. */
export function validateNoneInTemplate(spec: JsonObject, path: string): FieldError[] {
  if (objectsAt(spec, FIELD).length === 0) return [];
  return [forbidden(child(path, FIELD), 'ephemeral containers not allowed in pod template')];
}

/** Of pods: what is there stays as it is, in whatever order. */
export function validateEphemeralContainersUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const after = new Map(objectsAt(next, FIELD).map((container) => [container.name, container]));
  return objectsAt(previous, FIELD).flatMap((before) => {
    const now = after.get(before.name);
    if (now !== undefined && equalJson(now, before)) return [];
    const done = now === undefined ? 'removed' : 'changed';
    const detail = `existing ephemeral containers ${JSON.stringify(textOf(before.name))} may not be ${done}`;
    return [forbidden(child('spec', FIELD), detail)];
  });
}

/** `resources: {}` says nothing. */
function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);
}
