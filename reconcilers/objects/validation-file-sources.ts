/**
 * Validation of what the files of a volume are made of: keys of ConfigMaps and Secrets, fields of the pod, tokens. Called by
 * validation-volumes.ts. Source: pkg/apis/core/validation/validation.go (validateProjectionSources, validateConfigMapVolumeSource,
 * validateSecretVolumeSource, validateDownwardAPIVolumeSource)
 */
import { DOWNWARD_FIELDS, isDownwardField } from './downward-fields.ts';
import { type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { validateResourceField } from './validation-downward-resource.ts';

const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

/** Says whether another source writes the file already; `named` is what the message shows. */
type Claim = (file: Json | undefined, named: Json | undefined) => FieldError[];

export function validateProjected(projected: JsonObject, path: string): FieldError[] {
  const claim = claims(path);
  const sources = objectsAt(projected, 'sources').flatMap((source, i) => {
    const at = element(child(path, 'sources'), i);
    const errors: FieldError[] = [];
    for (const kind of ['secret', 'configMap']) {
      const keys = objectAt(source, kind);
      if (keys !== undefined) errors.push(...validateKeys(keys, child(at, kind), 'name', claim));
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

/** A volume of one ConfigMap (`nameField`: name) or Secret (secretName). */
export function validateKeysVolume(source: JsonObject, path: string, nameField: string): FieldError[] {
  const mode = validateMode(source.defaultMode, child(path, 'defaultMode'));
  return [...validateKeys(source, path, nameField, () => []), ...mode];
}

export function validateDownwardVolume(source: JsonObject, path: string): FieldError[] {
  const files = objectsAt(source, 'items').flatMap((file) => validateDownwardFile(file, path));
  return [...validateMode(source.defaultMode, child(path, 'defaultMode')), ...files];
}

/** Where something lies in its volume: below it. */
export function validateLocalPath(text: string, path: string): FieldError[] {
  if (text.startsWith('/')) return [invalid(path, text, 'must be a relative path')];
  return validateNoBacksteps(text, path);
}

export function validateNoBacksteps(text: string, path: string): FieldError[] {
  return text.split('/').includes('..') ? [invalid(path, text, "must not contain '..'")] : [];
}

function claims(path: string): Claim {
  const taken = new Set<string>();
  return (file, named) => {
    const text = textOf(file);
    if (text === '' || !taken.has(text)) {
      taken.add(text);
      return [];
    }
    return [invalid(path, named, 'conflicting duplicate paths')];
  };
}

function validateKeys(keys: JsonObject, path: string, nameField: string, claim: Claim): FieldError[] {
  const missing = textOf(keys[nameField]) === '' ? [required(child(path, nameField))] : [];
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
  const [field, resource] = [objectAt(file, 'fieldRef'), objectAt(file, 'resourceFieldRef')];
  const errors = [...validateFilePath(file.path, child(path, 'path')), ...validateMode(file.mode, child(path, 'mode'))];
  if (field === undefined && resource === undefined) {
    return [...errors, required(path, 'one of fieldRef and resourceFieldRef is required')];
  }
  if (field !== undefined && resource !== undefined) {
    return [...errors, invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')];
  }
  if (resource !== undefined) {
    return [...errors, ...validateResourceField(resource, child(path, 'resourceFieldRef'), { ofVolume: true })];
  }
  const at = child(child(path, 'fieldRef'), 'fieldPath');
  const fieldPath = textOf(field?.fieldPath);
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

/** Below the volume, and not among the names that atomic updates need. */
function validateFilePath(value: Json | undefined, path: string): FieldError[] {
  const text = textOf(value);
  if (text === '') return [required(path)];
  const errors = validateLocalPath(text, path);
  if (errors.length > 0) return errors;
  return text.startsWith('..') ? [invalid(path, text, "must not start with '..'")] : [];
}

function validateMode(value: Json | undefined, path: string): FieldError[] {
  return typeof value === 'number' && (value < 0 || value > 0o777) ? [invalid(path, value, MODE_TEXT)] : [];
}
