/**
 * Validation of a pod's topologySpreadConstraints. Called for pods and templates.
 * Source: pkg/apis/core/validation/validation.go (validateTopologySpreadConstraints).
 */
import { duplicate, type FieldError, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { qualifiedName } from './name-formats.ts';
import { selectorKeys, validateSelectorTerms } from './selector-terms.ts';
import { textsOf, validateLabelKeys } from './validation-affinity.ts';
import { oneOf } from './validation-pod.ts';

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'] as const;
const POLICIES = ['Honor', 'Ignore'] as const;
const NOT_POSITIVE = 'must be greater than zero';

export function validateSpreadConstraints(spec: JsonObject, path: string): FieldError[] {
  const constraints = objectsAt(spec, 'topologySpreadConstraints');
  return constraints.flatMap((constraint, i) => {
    const at = element(path, i);
    const [own, ...later] = constraints.slice(i).map(identityOf);
    return [
      ...validateConstraint(constraint, at),
      ...(own !== undefined && later.includes(own)
        ? [duplicate(child(at, '{topologyKey, whenUnsatisfiable}'), own)]
        : []),
    ];
  });
}

/** What no two constraints of a pod may share. */
function identityOf({ topologyKey, whenUnsatisfiable }: JsonObject): string {
  return `{${textOf(topologyKey)}, ${textOf(whenUnsatisfiable)}}`;
}

function validateConstraint(constraint: JsonObject, path: string): FieldError[] {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '', labelSelector, matchLabelKeys } = constraint;
  const at = (field: string) => child(path, field);
  const action = textOf(whenUnsatisfiable);
  return [
    ...(Number(maxSkew) > 0 ? [] : [invalid(at('maxSkew'), maxSkew, NOT_POSITIVE)]),
    ...(topologyKey === ''
      ? [required(at('topologyKey'), 'can not be empty')]
      : qualifiedName(textOf(topologyKey)).map((text) => invalid(at('topologyKey'), topologyKey, text))),
    ...(ACTIONS.some((known) => known === action)
      ? []
      : [unsupported(at('whenUnsatisfiable'), whenUnsatisfiable, ACTIONS)]),
    ...validateMinDomains(constraint.minDomains, action, at('minDomains')),
    ...oneOf(constraint.nodeAffinityPolicy, POLICIES, at('nodeAffinityPolicy')),
    ...oneOf(constraint.nodeTaintsPolicy, POLICIES, at('nodeTaintsPolicy')),
    ...validateMatchLabelKeys(matchLabelKeys, objectAt(constraint, 'labelSelector'), at('matchLabelKeys')),
    ...validateSelectorTerms(labelSelector, at('labelSelector')),
  ];
}

function validateMinDomains(value: Json | undefined, action: string, path: string): FieldError[] {
  if (value === undefined) return [];
  return [
    ...(Number(value) > 0 ? [] : [invalid(path, value, NOT_POSITIVE)]),
    ...(action === 'DoNotSchedule'
      ? []
      : [invalid(path, value, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`)]),
  ];
}

function validateMatchLabelKeys(keys: Json | undefined, selector: JsonObject | undefined, path: string): FieldError[] {
  const selected = selectorKeys(selector);
  return [
    ...validateLabelKeys(keys, selector, path),
    ...textsOf(keys).flatMap((key, i) =>
      selected.has(key) ? [invalid(element(path, i), key, 'exists in both matchLabelKeys and labelSelector')] : [],
    ),
  ];
}
