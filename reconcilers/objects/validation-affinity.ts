/**
 * Validation of a pod's affinity. Called for pods and templates. Source: pkg/apis/core/validation/validation.go (validateAffinity,
 * validatePodAffinityTerm, validateMatchLabelKeysAndMismatchLabelKeys).
 */
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel, qualifiedName } from './name-formats.ts';
import { validateNodeSelector, validateNodeSelectorTerm } from './node-selector.ts';
import { selectorKeys, validateSelectorTerms } from './selector-terms.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const MAX_WEIGHT = 100;

export function validateAffinity(spec: JsonObject, path: string): FieldError[] {
  const affinity = objectAt(spec, 'affinity');
  return [
    ...validateNodeAffinity(objectAt(affinity, 'nodeAffinity') ?? {}, child(path, 'nodeAffinity')),
    ...['podAffinity', 'podAntiAffinity'].flatMap((field) =>
      validatePodAffinity(objectAt(affinity, field) ?? {}, child(path, field)),
    ),
  ];
}

/** Labels whose values are taken of the pod. */
export function validateLabelKeys(
  keys: Json | undefined,
  selector: JsonObject | undefined,
  path: string,
): FieldError[] {
  const names = textsOf(keys);
  if (names.length > 0 && selector === undefined) {
    return [forbidden(path, 'must not be specified when labelSelector is not set')];
  }
  return names.flatMap((name, i) => qualifiedName(name).map((text) => invalid(element(path, i), name, text)));
}

export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

function validateNodeAffinity(affinity: JsonObject, path: string): FieldError[] {
  const wanted = objectAt(affinity, REQUIRED);
  return [
    ...(wanted === undefined ? [] : validateNodeSelector(wanted, child(path, REQUIRED))),
    ...objectsAt(affinity, PREFERRED).flatMap(({ weight, ...term }, i) => {
      const at = element(child(path, PREFERRED), i);
      const preference = objectAt(term, 'preference') ?? {};
      return [
        ...validateWeight(weight, at),
        ...validateNodeSelectorTerm(preference, child(at, 'preference'), { checksValues: false }),
      ];
    }),
  ];
}

function validatePodAffinity(affinity: JsonObject, path: string): FieldError[] {
  return [
    ...objectsAt(affinity, REQUIRED).flatMap((term, i) => validateTerm(term, element(child(path, REQUIRED), i))),
    ...objectsAt(affinity, PREFERRED).flatMap(({ weight, ...term }, i) => {
      const at = element(child(path, PREFERRED), i);
      return [
        ...validateWeight(weight, at),
        ...validateTerm(objectAt(term, 'podAffinityTerm') ?? {}, child(at, 'podAffinityTerm')),
      ];
    }),
  ];
}

function validateWeight(weight: Json | undefined, path: string): FieldError[] {
  const isValid = typeof weight === 'number' && weight >= 1 && weight <= MAX_WEIGHT;
  return isValid ? [] : [invalid(child(path, 'weight'), weight ?? 0, 'must be in the range 1-100')];
}

function validateTerm(term: JsonObject, path: string): FieldError[] {
  const { topologyKey = '', namespaces } = term;
  const at = (field: string) => child(path, field);
  return [
    ...validateSelectorTerms(term.labelSelector, at('labelSelector')),
    ...validateSelectorTerms(term.namespaceSelector, at('namespaceSelector')),
    ...textsOf(namespaces).flatMap((name) => dnsLabel(name).map((text) => invalid(at('namespace'), name, text))),
    ...validateTermLabelKeys(term, path),
    ...(topologyKey === '' ? [required(at('topologyKey'), 'can not be empty')] : []),
    ...qualifiedName(textOf(topologyKey)).map((text) => invalid(at('topologyKey'), topologyKey, text)),
  ];
}

function validateTermLabelKeys(term: JsonObject, path: string): FieldError[] {
  const selector = objectAt(term, 'labelSelector');
  const selected = selectorKeys(selector);
  const mismatched = textsOf(term.mismatchLabelKeys);
  const matchPath = child(path, 'matchLabelKeys');
  const matched = textsOf(term.matchLabelKeys).map((key, i) => [key, i] as const);
  return [
    ...validateLabelKeys(term.matchLabelKeys, selector, matchPath),
    ...validateLabelKeys(term.mismatchLabelKeys, selector, child(path, 'mismatchLabelKeys')),
    ...matched
      .filter(([key]) => selected.has(key))
      .map(([key, i]) => invalid(element(path, i), key, 'exists in both matchLabelKeys and labelSelector')),
    ...matched
      .filter(([key]) => mismatched.includes(key))
      .map(([key, i]) => invalid(element(matchPath, i), key, 'exists in both matchLabelKeys and mismatchLabelKeys')),
  ];
}
