/**
 * Validation of a container's variables and of what they are taken from. Called by validation-pod.ts.
 * Source: pkg/apis/core/validation/validation.go (ValidateEnv, validateEnvVarValueFrom, ValidateEnvFrom)
 */
import { configKeyProblems } from './config-keys.ts';
import { ENV_FIELDS, isEnvField } from './downward-fields.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { isJsonObject, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsSubdomain, envVarName } from './name-formats.ts';
import { validateResourceField } from './validation-downward-resource.ts';

const TOO_MANY = 'may not have more than one field specified at a time';

export function validateEnv(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'env').flatMap((variable, i) => {
    const at = element(path, i);
    const name = textOf(variable.name);
    const errors =
      name === ''
        ? [required(child(at, 'name'))]
        : envVarName(name).map((text) => invalid(child(at, 'name'), name, text));
    const from = objectAt(variable, 'valueFrom');
    return from === undefined ? errors : [...errors, ...validateValueFrom(from, variable, child(at, 'valueFrom'))];
  });
}

export function validateEnvFrom(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'envFrom').flatMap((source, i) => {
    const at = element(path, i);
    const prefix = textOf(source.prefix);
    const errors = prefix === '' ? [] : envVarName(prefix).map((text) => invalid(child(at, 'prefix'), prefix, text));
    const references = ['configMapRef', 'secretRef'].filter((field) => isJsonObject(source[field]));
    for (const field of references) errors.push(...validateName(objectAt(source, field), child(at, field)));
    if (references.length === 0) errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    return references.length > 1 ? [...errors, invalid(at, '', TOO_MANY)] : errors;
  });
}

function validateValueFrom(from: JsonObject, variable: JsonObject, path: string): FieldError[] {
  const sources = Object.keys(from).filter((field) => isJsonObject(from[field]));
  const errors = sources.flatMap((field) => validateReference(field, objectAt(from, field) ?? {}, child(path, field)));
  if (sources.length === 0) {
    const known = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    return [...errors, invalid(path, '', `must specify one of: ${known}`)];
  }
  if (textOf(variable.value) !== '') {
    return [...errors, invalid(path, '', 'may not be specified when `value` is not empty')];
  }
  return sources.length > 1 ? [...errors, invalid(path, '', TOO_MANY)] : errors;
}

function validateReference(field: string, reference: JsonObject, path: string): FieldError[] {
  if (field === 'fieldRef') return validateFieldReference(reference, path);
  if (field === 'resourceFieldRef') return validateResourceField(reference, path, { ofVolume: false });
  const key = textOf(reference.key);
  const at = child(path, 'key');
  return [
    ...validateName(reference, path),
    ...(key === '' ? [required(at)] : configKeyProblems(key).map((text) => invalid(at, key, text))),
  ];
}

function validateFieldReference({ fieldPath }: JsonObject, path: string): FieldError[] {
  const at = child(path, 'fieldPath');
  const text = textOf(fieldPath);
  if (text === '') return [required(at)];
  return isEnvField(text) ? [] : [unsupported(at, text, ENV_FIELDS)];
}

function validateName(reference: JsonObject | undefined, path: string): FieldError[] {
  const name = textOf(reference?.name);
  const at = child(path, 'name');
  return name === '' ? [required(at)] : dnsSubdomain(name).map((text) => invalid(at, name, text));
}
