/** A metav1.LabelSelector (`matchLabels`, `matchExpressions`): checked, and matched against labels. Pure. */
import { type FieldError, forbidden, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { meetsRequirement } from './label-requirement.ts';
import type { Labels } from './meta.ts';
import { validateLabels } from './validation-metadata.ts';
import { oneOf } from './validation-pod.ts';

export interface SelectorTerms {
  matchLabels?: Record<string, string>;
  matchExpressions?: SelectorExpression[];
}

export interface SelectorExpression {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

/** Nothing is selected by an absent selector, everything by an empty one. */
export function matchesSelectorTerms(selector: SelectorTerms | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
  return equal && (selector.matchExpressions ?? []).every((expression) => meetsRequirement(expression, labels));
}

/** The labels that the selector speaks of. */
export function selectorKeys(selector: JsonObject | undefined): ReadonlySet<string> {
  const expressions = objectsAt(selector ?? {}, 'matchExpressions').map(({ key }) => textOf(key));
  return new Set([...Object.keys(objectAt(selector, 'matchLabels') ?? {}), ...expressions]);
}

export function validateSelectorTerms(selector: Json | undefined, path: string): FieldError[] {
  if (!isJsonObject(selector)) return [];
  return [
    ...validateLabels(objectAt(selector, 'matchLabels'), child(path, 'matchLabels')),
    ...objectsAt(selector, 'matchExpressions').flatMap((expression, i) => {
      const at = element(child(path, 'matchExpressions'), i);
      const operator = textOf(expression.operator);
      const values = Array.isArray(expression.values) ? expression.values : [];
      const needsValues = operator === 'In' || operator === 'NotIn';
      return [
        ...oneOf(operator, ['In', 'NotIn', 'Exists', 'DoesNotExist'], child(at, 'operator')),
        ...(needsValues && values.length === 0
          ? [required(child(at, 'values'), "must be specified when `operator` is 'In' or 'NotIn'")]
          : []),
        ...(!needsValues && values.length > 0
          ? [forbidden(child(at, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
          : []),
        ...validateLabels({ [textOf(expression.key)]: '' }, child(at, 'key')),
      ];
    }),
  ];
}
