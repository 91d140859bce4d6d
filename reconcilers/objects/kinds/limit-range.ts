/** v1 LimitRange: what containers and pods of a namespace ask for by default, at least and at most. Enforced by admission. */
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, forbidden, invalid } from '../field-error.ts';
import { child, element } from '../field-path.ts';
import { copyJson, type JsonObject, objectAt, objectsAt, textOf } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { compareQuantities } from '../quantity.ts';
import { oneOf } from '../validation-pod.ts';
import { NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export interface LimitRangeItem {
  type: 'Container' | 'Pod' | 'PersistentVolumeClaim';
  max?: Record<string, string>;
  min?: Record<string, string>;
  default?: Record<string, string>;
  defaultRequest?: Record<string, string>;
  maxLimitRequestRatio?: Record<string, string>;
}

export interface LimitRange extends KubeObject {
  apiVersion: 'v1';
  kind: 'LimitRange';
  spec: { limits: LimitRangeItem[] };
}

export const limitRangeKind = defineKind<LimitRange>({
  kind: 'LimitRange',
  plural: 'limitranges',
  createdByUpdate: true,
  shortNames: ['limits'],
  setDefaults: (range) => {
    const spec = defaultObject(range, 'spec');
    setDefault(spec, 'limits', []);
    for (const item of objectsAt(spec, 'limits')) {
      if (item.type === 'Container') defaultContainerLimits(item);
    }
  },
  validate: (range) =>
    objectsAt(objectAt(range, 'spec'), 'limits').flatMap((item, i) => validateItem(item, element('spec.limits', i))),
  columns: [NAME, { name: 'Created At', cell: (range) => range.metadata.creationTimestamp }],
});

/** The default limit is the maximum; the default request is the default limit, or else the minimum. */
function defaultContainerLimits(item: JsonObject): void {
  const fill = (target: string, source: JsonObject | undefined) => {
    for (const [name, amount] of Object.entries(source ?? {})) {
      const map = defaultObject(item, target);
      if (!Object.hasOwn(map, name)) map[name] = copyJson(amount);
    }
  };
  fill('default', objectAt(item, 'max'));
  fill('defaultRequest', objectAt(item, 'default'));
  fill('defaultRequest', objectAt(item, 'min'));
}

function validateItem(item: JsonObject, path: string): FieldError[] {
  const at = (field: string, name: string) => element(child(path, field), name);
  const map = (field: string) => objectAt(item, field) ?? {};
  const errors = oneOf(item.type, ['Container', 'Pod', 'PersistentVolumeClaim'], child(path, 'type'));
  for (const field of ['default', 'defaultRequest']) {
    if (item.type === 'Pod' && !isEmpty(item[field])) {
      errors.push(forbidden(child(path, field), `may not be specified when \`type\` is 'Pod'`));
    }
  }
  const mustNotExceed = (low: string, high: string) => {
    for (const [name, amount] of Object.entries(map(low))) {
      const bound = map(high)[name];
      if (bound === undefined || compareQuantities(textOf(amount), textOf(bound)) <= 0) continue;
      const detail = `${low} value ${textOf(amount)} is greater than ${high} value ${textOf(bound)}`;
      errors.push(invalid(at(low, name), amount, detail));
    }
  };
  mustNotExceed('min', 'max');
  mustNotExceed('min', 'defaultRequest');
  mustNotExceed('min', 'default');
  mustNotExceed('defaultRequest', 'default');
  mustNotExceed('defaultRequest', 'max');
  mustNotExceed('default', 'max');
  return errors;
}
