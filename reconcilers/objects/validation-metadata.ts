/**
 * Validation of what all objects share: names, labels, annotations, owners, and which of it may change. Called by validation.ts
 * for every kind, and for labels wherever a spec carries some. Source: apimachinery/pkg/api/validation/objectmeta.go
 */
import { duplicate, type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { child, element } from './field-path.ts';
import { equalJson, type Json, type JsonObject, objectAt, objectsAt, ownMember, textOf } from './json.ts';
import type { KindInfo } from './kinds/entry.ts';
import { dnsLabel, labelValue, qualifiedName } from './name-formats.ts';
import { ANNOTATION_LAST_APPLIED } from './source.ts';

/** All annotations of an object together, keys and values. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** What of a kind's entry is needed here. */
type NameRules = Pick<KindInfo, 'namespaced'> & { readonly nameProblems: (name: string) => string[] };

export function validateMetadata(info: NameRules, object: JsonObject): FieldError[] {
  const metadata = objectAt(object, 'metadata') ?? {};
  return [
    ...validateName(info, metadata),
    ...validateNamespace(info, metadata),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata),
    ...validateFinalizers(metadata),
  ];
}

/** What never changes once an object exists. */
export function validateMetadataUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [objectAt(next, 'metadata') ?? {}, objectAt(previous, 'metadata') ?? {}];
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const) {
    if (field === 'deletionTimestamp' && before[field] === undefined) continue;
    if (!equalJson(after[field] ?? '', before[field] ?? '')) {
      errors.push(invalid(child('metadata', field), after[field], 'field is immutable'));
    }
  }
  const [generation, past] = [Number(after.generation ?? 0), Number(before.generation ?? 0)];
  if (generation < past) errors.push(invalid('metadata.generation', generation, 'must not be decremented'));
  return errors;
}

/** Labels, and maps with the same rules (selectors, node selectors). */
export function validateLabels(labels: Json | undefined, path: string): FieldError[] {
  return entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((text) => invalid(path, key, text, element(path, key))),
    ...labelValue(textOf(value)).map((text) => invalid(path, value, text, element(path, key))),
  ]);
}

export function validateAnnotations(annotations: Json | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of entries(annotations)) {
    errors.push(...qualifiedName(key.toLowerCase()).map((text) => invalid(path, key, text, element(path, key))));
    // The manifest that was applied, which sampan keeps here itself, does not count against the author.
    if (key !== ANNOTATION_LAST_APPLIED) bytes += Buffer.byteLength(key) + Buffer.byteLength(textOf(value));
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(path, MAX_ANNOTATION_BYTES));
  return errors;
}

function validateName({ nameProblems: format }: NameRules, metadata: JsonObject): FieldError[] {
  const { name, generateName } = metadata;
  const errors: FieldError[] = [];
  if (typeof generateName === 'string' && generateName !== '') {
    // A generated name may end in a dash: five characters follow.
    const prefix = generateName.replace(/(?<=.)-$/, 'a');
    errors.push(...format(prefix).map((text) => invalid('metadata.generateName', generateName, text)));
  }
  if (typeof name === 'string' && name !== '') {
    errors.push(...format(name).map((text) => invalid('metadata.name', name, text)));
  } else if (errors.length === 0 && (generateName === undefined || generateName === '')) {
    errors.push(required('metadata.name', 'name or generateName is required'));
  }
  return errors;
}

function validateNamespace(info: NameRules, metadata: JsonObject): FieldError[] {
  const { namespace = '' } = metadata;
  if (!info.namespaced) return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  if (namespace === '') return [required('metadata.namespace')];
  return dnsLabel(textOf(namespace)).map((text) => invalid('metadata.namespace', namespace, text));
}

function validateOwners(metadata: JsonObject): FieldError[] {
  const path = 'metadata.ownerReferences';
  const owners = objectsAt(metadata, 'ownerReferences');
  const errors = owners.flatMap((owner, i) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((field) => (ownMember(owner, field) ?? '') === '')
      .map((field) => invalid(child(element(path, i), field), '', 'must not be empty')),
  );
  const [first, second] = owners.filter((owner) => owner.controller === true);
  if (first !== undefined && second !== undefined) {
    const [one, other] = [first, second].map(({ kind, name }) => `${textOf(kind)}/${textOf(name)}`);
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${one} and ${other}`;
    errors.push(invalid(path, owners, detail));
  }
  return errors;
}

function validateFinalizers(metadata: JsonObject): FieldError[] {
  const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
  const path = 'metadata.finalizers';
  return finalizers.flatMap((finalizer, i) => [
    ...qualifiedName(textOf(finalizer)).map((text) => invalid(path, finalizer, text)),
    ...(finalizers.indexOf(finalizer) < i ? [duplicate(element(path, i), finalizer)] : []),
  ]);
}

function entries(map: Json | undefined): [string, Json][] {
  return typeof map === 'object' && map !== null && !Array.isArray(map)
    ? (Object.entries(map) as [string, Json][])
    : [];
}
