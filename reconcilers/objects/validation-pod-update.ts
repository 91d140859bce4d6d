/**
 * What may change in a pod that is there. Called by the page of Pod.
 * Source: pkg/apis/core/validation/validation.go (ValidatePodUpdate).
 */
import { changedFields } from './changed-fields.ts';
import { setDefault } from './defaulting.ts';
import { type FieldError, forbidden, invalid } from './field-error.ts';
import { child } from './field-path.ts';
import { copyJson, type Json, type JsonObject, objectAt, objectsAt } from './json.ts';
import { validateOnlyAdded } from './validation-taints.ts';

const ACCOUNT_FIELDS = ['serviceAccountName', 'serviceAccount', 'automountServiceAccountToken'] as const;
const CONTAINERS = ['containers', 'initContainers'] as const;
const MUTABLE =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations)';

/** Images may change, tolerations be added, the deadline come sooner; the node may be set once, which is how binding writes it. */
export function validatePodUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [copyJson(objectAt(next, 'spec') ?? {}), copyJson(objectAt(previous, 'spec') ?? {})];
  for (const field of CONTAINERS) {
    const [containers, past] = [objectsAt(after, field), objectsAt(before, field)];
    if (containers.length !== past.length) {
      return [forbidden(child('spec', field), 'pod updates may not add or remove containers')];
    }
    for (const container of [...containers, ...past]) delete container.image;
  }
  if ((before.nodeName ?? '') === '') delete after.nodeName;
  // Pods that were stored before it was defaulted have none.
  setDefault(before, 'securityContext', {});
  // A pod of a daemon that knew no accounts: to say now whom it is changes nothing of it.
  if (before.serviceAccountName === undefined) {
    for (const spec of [after, before]) for (const field of ACCOUNT_FIELDS) delete spec[field];
  }
  const ownRules = [
    ...validateOnlyAdded(after, before, 'spec.tolerations'),
    ...validateSooner(after.activeDeadlineSeconds, before.activeDeadlineSeconds, 'spec.activeDeadlineSeconds'),
  ];
  for (const spec of [after, before]) {
    delete spec.tolerations;
    delete spec.activeDeadlineSeconds;
  }
  const changed = changedFields(before, after).map((field) => child('spec', field));
  if (changed.length === 0) return ownRules;
  const detail = `pod updates may not change fields other than ${MUTABLE} (changed: ${changed.join(', ')})`;
  return [...ownRules, forbidden('spec', detail)];
}

/** A deadline may be set, and come sooner; it is never lifted. */
function validateSooner(next: Json | undefined, previous: Json | undefined, path: string): FieldError[] {
  if (typeof previous !== 'number' || next === previous) return [];
  if (next === undefined) return [invalid(path, null, 'must not update from a positive integer to nil value')];
  if (Number(next) < previous) return [];
  return [invalid(path, next, 'must be less than or equal to previous value')];
}
