/**
 * Validation of a pod's volumes and of where its containers mount them. Called by validation-pod.ts.
 * Source: pkg/apis/core/validation/validation.go (ValidateVolumes, validateProjectionSources, ValidateVolumeMounts)
 */
import { DOWNWARD_FIELDS, isDownwardField } from './downward-fields.ts';
import { duplicate, type FieldError, forbidden, invalid, notFound, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel } from './name-formats.ts';

const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

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
    return errors;
  });
}

function validateSource(volume: JsonObject, at: string): FieldError[] {
  const [first, ...others] = Object.keys(volume).filter((field) => field !== 'name' && isJsonObject(volume[field]));
  if (first === undefined) return [required(at, 'must specify a volume type')];
  const extra = others.map((field) => forbidden(child(at, field), 'may not specify more than 1 volume type'));
  const projected = objectAt(volume, 'projected');
  return [...extra, ...(projected === undefined ? [] : validateProjected(projected, child(at, 'projected')))];
}

function validateProjected(projected: JsonObject, path: string): FieldError[] {
  const taken = new Set<string>();
  /** Two sources must not write one file. */
  const claim = (file: Json | undefined, named: Json | undefined): FieldError[] => {
    const text = textOf(file);
    if (text === '' || !taken.has(text)) {
      taken.add(text);
      return [];
    }
    return [invalid(path, named, 'conflicting duplicate paths')];
  };
  const sources = objectsAt(projected, 'sources').flatMap((source, i) => {
    const at = element(child(path, 'sources'), i);
    const errors: FieldError[] = [];
    for (const kind of ['secret', 'configMap']) {
      const keys = objectAt(source, kind);
      if (keys !== undefined) errors.push(...validateKeys(keys, child(at, kind), claim));
    }
    const downward = objectAt(source, 'downwardAPI');
    for (const file of objectsAt(downward, 'items')) {
      errors.push(...validateDownwardFile(file, child(at, 'downwardAPI')), ...claim(file.path, file.path));
    }
    const token = objectAt(source, 'serviceAccountToken');
    if (token !== undefined) errors.push(...validateToken(token, child(at, 'serviceAccountToken'), path));
    if (Object.keys(source).length > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type'));
    return errors;
  });
  return [...validateMode(projected.defaultMode, child(path, 'defaultMode')), ...sources];
}

function validateKeys(
  keys: JsonObject,
  path: string,
  claim: (file: Json | undefined, named: Json | undefined) => FieldError[],
): FieldError[] {
  const missing = textOf(keys.name) === '' ? [required(child(path, 'name'))] : [];
  const items = objectsAt(keys, 'items').flatMap((item, i) => {
    const at = (field: string) => child(element(child(path, 'items'), i), field);
    return [
      ...(textOf(item.key) === '' ? [required(at('key'))] : []),
      ...validateFilePath(item.path, at('path')),
      ...validateMode(item.mode, at('mode')),
      ...claim(item.path, keys.name),
    ];
  });
  return [...missing, ...items];
}

function validateDownwardFile(file: JsonObject, path: string): FieldError[] {
  const field = objectAt(file, 'fieldRef');
  const at = child(child(path, 'fieldRef'), 'fieldPath');
  const errors = [...validateFilePath(file.path, child(path, 'path')), ...validateMode(file.mode, child(path, 'mode'))];
  if (field === undefined) return [...errors, required(path, 'one of fieldRef and resourceFieldRef is required')];
  const fieldPath = textOf(field.fieldPath);
  if (fieldPath === '') errors.push(required(at));
  else if (!isDownwardField(fieldPath)) errors.push(unsupported(at, fieldPath, DOWNWARD_FIELDS));
  return errors;
}

function validateToken(token: JsonObject, path: string, volumePath: string): FieldError[] {
  const at = child(path, 'expirationSeconds');
  const seconds = Number(token.expirationSeconds);
  const errors: FieldError[] = [];
  if (seconds < MIN_TOKEN_SECONDS) {
    errors.push(invalid(at, token.expirationSeconds, 'may not specify a duration less than 10 minutes'));
  }
  if (seconds > MAX_TOKEN_SECONDS) {
    errors.push(invalid(at, token.expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  // Kubernetes names the volume's path here, and does not look at what the file is called; the node would.
  if (textOf(token.path) === '') errors.push(required(child(volumePath, 'path')));
  else errors.push(...validateFilePath(token.path, child(path, 'path')));
  return errors;
}

/** Where a file lies in its volume: below it, and not among the names that atomic updates need. */
function validateFilePath(value: Json | undefined, path: string): FieldError[] {
  const text = textOf(value);
  if (text === '') return [required(path)];
  if (text.startsWith('/')) return [invalid(path, text, 'must be a relative path')];
  if (text.split('/').includes('..')) return [invalid(path, text, "must not contain '..'")];
  return text.startsWith('..') ? [invalid(path, text, "must not start with '..'")] : [];
}

function validateMode(value: Json | undefined, path: string): FieldError[] {
  return typeof value === 'number' && (value < 0 || value > 0o777) ? [invalid(path, value, MODE_TEXT)] : [];
}
