/**
 * Validation of a node's taints and a pod's tolerations. Called by the pages of both kinds, and for templates. Source:
 * pkg/apis/core/validation/validation.go (validateNodeTaints, ValidateTolerations, validateOnlyAddedTolerations).
 */
import { FieldError, forbidden, invalid, type FieldError as Problem, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { equalJson, type Json, type JsonObject, objectsAt, textOf } from './json.ts';
import { labelValue, qualifiedName } from './name-formats.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

export function validateTaints(spec: JsonObject, path: string): Problem[] {
  const taken = new Set<string>();
  return objectsAt(spec, 'taints').flatMap((taint, i) => {
    const at = element(path, i);
    const { key, value, effect } = taint;
    const identity = `${textOf(effect)} ${textOf(key)}`;
    const isTaken = taken.has(identity);
    taken.add(identity);
    const values = labelValue(textOf(value));
    return [
      ...qualifiedName(textOf(key)).map((text) => invalid(child(at, 'key'), key ?? '', text)),
      ...(values.length > 0 ? [invalid(child(at, 'value'), value, values.join(';'))] : []),
      ...((effect ?? '') === '' ? [required(child(at, 'effect'))] : validEffect(effect, at)),
      ...(isTaken
        ? [new FieldError('Duplicate value', at, taint, 'taints must be unique by key and effect pair')]
        : []),
    ];
  });
}

export function validateTolerations(spec: JsonObject, path: string): Problem[] {
  return objectsAt(spec, 'tolerations').flatMap((toleration, i) => {
    const at = element(path, i);
    const { key = '', operator = '', effect = '' } = toleration;
    const errors: Problem[] = [];
    if (key !== '') errors.push(...qualifiedName(textOf(key)).map((text) => invalid(child(at, 'key'), key, text)));
    if (key === '' && operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(child(at, 'operator'), operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(child(at, 'effect'), effect, detail));
    }
    errors.push(...validOperator(toleration, at));
    return effect === '' ? errors : [...errors, ...validEffect(effect, at)];
  });
}

/** Of a pod's tolerations only the time may change, and more may come. */
export function validateOnlyAdded(next: JsonObject, previous: JsonObject, path: string): Problem[] {
  const [after, before] = [next, previous].map((spec) => objectsAt(spec, 'tolerations').map(withoutTime));
  const isKept = (had: JsonObject) => (after ?? []).some((has) => equalJson(has, had));
  if ((before ?? []).every(isKept)) return [];
  return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')];
}

function validOperator({ operator = '', value = '', ...rest }: JsonObject, at: string): Problem[] {
  const path = child(at, 'operator');
  switch (operator) {
    case 'Exists':
      return value === ''
        ? []
        : [invalid(path, { operator, value, ...rest }, "value must be empty when `operator` is 'Exists'")];
    case 'Equal':
    case '': {
      const problems = labelValue(textOf(value));
      return problems.length === 0 ? [] : [invalid(path, value, problems.join(';'))];
    }
    default:
      return [unsupported(path, operator, ['Equal', 'Exists'])];
  }
}

function validEffect(effect: Json | undefined, at: string): Problem[] {
  return EFFECTS.some((known) => known === effect) ? [] : [unsupported(child(at, 'effect'), effect, EFFECTS)];
}

function withoutTime({ tolerationSeconds: _, ...toleration }: JsonObject): JsonObject {
  return toleration;
}
