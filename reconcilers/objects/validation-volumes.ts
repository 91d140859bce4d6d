/**
 * Validation of a pod's volumes and of where its containers mount them. Called by validation-pod.ts.
 * Source: pkg/apis/core/validation/validation.go (ValidateVolumes, ValidateVolumeMounts)
 */
import { validateClaimSpec } from './claim-spec.ts';
import { duplicate, type FieldError, forbidden, invalid, notFound, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { isJsonObject, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel } from './name-formats.ts';
import { compareQuantities } from './quantity.ts';
import {
  validateDownwardVolume,
  validateKeysVolume,
  validateLocalPath,
  validateNoBacksteps,
  validateProjected,
} from './validation-file-sources.ts';
import { validateAnnotations, validateLabels } from './validation-metadata.ts';
import { HOST_PATH_TYPES, MOUNT_PROPAGATIONS, type Volume } from './volumes.ts';

const MEDIUMS = ['', 'Memory'] as const;

/** What each type of volume demands of its own member. */
const SOURCES: Readonly<Record<Exclude<keyof Volume, 'name'>, (source: JsonObject, path: string) => FieldError[]>> = {
  projected: validateProjected,
  configMap: (source, path) => validateKeysVolume(source, path, 'name'),
  secret: (source, path) => validateKeysVolume(source, path, 'secretName'),
  downwardAPI: validateDownwardVolume,
  emptyDir: validateEmptyDir,
  hostPath: validateHostPath,
  persistentVolumeClaim: (source, path) =>
    textOf(source.claimName) === '' ? [required(child(path, 'claimName'))] : [],
  ephemeral: validateEphemeral,
};

export function validateVolumes(spec: JsonObject, path: string): FieldError[] {
  const names = new Set<string>();
  return objectsAt(spec, 'volumes').flatMap((volume, i) => {
    const at = element(path, i);
    const name = textOf(volume.name);
    const isTaken = names.has(name);
    if (name !== '') names.add(name);
    return [
      ...(name === ''
        ? [required(child(at, 'name'))]
        : dnsLabel(name).map((text) => invalid(child(at, 'name'), name, text))),
      ...(isTaken ? [duplicate(child(at, 'name'), name)] : []),
      ...validateSource(volume, at),
    ];
  });
}

/** Of one container; `spec` is its pod's. */
export function validateVolumeMounts(container: JsonObject, spec: JsonObject, path: string): FieldError[] {
  const volumes = new Set(objectsAt(spec, 'volumes').map(({ name }) => textOf(name)));
  const paths = new Set<string>();
  return objectsAt(container, 'volumeMounts').flatMap((mount, i) => {
    const at = (field: string) => child(element(path, i), field);
    const [name, mountPath] = [textOf(mount.name), textOf(mount.mountPath)];
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(at('name')));
    if (!volumes.has(name)) errors.push(notFound(at('name'), name));
    if (mountPath === '') errors.push(required(at('mountPath')));
    if (paths.has(mountPath)) errors.push(invalid(at('mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    return [...errors, ...validateSubPath(mount, at), ...validatePropagation(mount, container, at)];
  });
}

function validateSubPath(mount: JsonObject, at: (field: string) => string): FieldError[] {
  const [subPath, subPathExpr] = [textOf(mount.subPath), textOf(mount.subPathExpr)];
  const errors = validateLocalPath(subPath, at('subPath'));
  if (subPath !== '' && subPathExpr !== '') {
    errors.push(invalid(at('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  }
  return [...errors, ...validateLocalPath(subPathExpr, at('subPathExpr'))];
}

function validatePropagation(mount: JsonObject, container: JsonObject, at: (field: string) => string): FieldError[] {
  const propagation = textOf(mount.mountPropagation);
  const path = at('mountPropagation');
  if (propagation === '') return [];
  if (!MOUNT_PROPAGATIONS.some((known) => known === propagation)) {
    return [unsupported(path, propagation, MOUNT_PROPAGATIONS)];
  }
  const isPrivileged = objectAt(container, 'securityContext')?.privileged === true;
  if (propagation !== 'Bidirectional' || isPrivileged) return [];
  return [forbidden(path, 'Bidirectional mount propagation is available only to privileged containers')];
}

function validateSource(volume: JsonObject, at: string): FieldError[] {
  const [first, ...others] = Object.keys(volume).filter((field) => field !== 'name' && isJsonObject(volume[field]));
  if (first === undefined) return [required(at, 'must specify a volume type')];
  const extra = others.map((field) => forbidden(child(at, field), 'may not specify more than 1 volume type'));
  const validate = Object.hasOwn(SOURCES, first) ? SOURCES[first as keyof typeof SOURCES] : undefined;
  return [...extra, ...(validate?.(objectAt(volume, first) ?? {}, child(at, first)) ?? [])];
}

function validateEmptyDir(folder: JsonObject, path: string): FieldError[] {
  const medium = textOf(folder.medium);
  const size = textOf(folder.sizeLimit);
  const errors = MEDIUMS.some((known) => known === medium) ? [] : [unsupported(child(path, 'medium'), medium, MEDIUMS)];
  if (size === '') return errors;
  const at = child(path, 'sizeLimit');
  if (compareQuantities(size, '0') < 0) {
    return [...errors, forbidden(at, 'SizeLimit field must be a valid resource quantity')];
  }
  return errors;
}

function validateEphemeral(source: JsonObject, path: string): FieldError[] {
  const at = child(path, 'volumeClaimTemplate');
  const template = objectAt(source, 'volumeClaimTemplate');
  if (template === undefined) return [required(at)];
  const metadata = objectAt(template, 'metadata');
  return [
    ...validateLabels(metadata?.labels, child(at, 'metadata.labels')),
    ...validateAnnotations(metadata?.annotations, child(at, 'metadata.annotations')),
    ...validateClaimSpec(objectAt(template, 'spec') ?? {}, child(at, 'spec')),
  ];
}

/** Also of a PersistentVolume. */
export function validateHostPath(source: JsonObject, path: string): FieldError[] {
  const text = textOf(source.path);
  if (text === '') return [required(child(path, 'path'))];
  const type = textOf(source.type);
  return [
    ...validateNoBacksteps(text, child(path, 'path')),
    ...(HOST_PATH_TYPES.some((known) => known === type)
      ? []
      : [unsupported(child(path, 'type'), type, HOST_PATH_TYPES)]),
  ];
}
