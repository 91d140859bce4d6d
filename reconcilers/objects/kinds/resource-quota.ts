/** v1 ResourceQuota: how much a namespace may ask for in all. Enforced by admission, counted by the resource-quota loop. */
import { defaultObject } from '../defaulting.ts';
import { type FieldError, forbidden, invalid } from '../field-error.ts';
import { child, element } from '../field-path.ts';
import { equalJson, type JsonObject, objectAt, objectsAt, textOf } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { qualifiedName } from '../name-formats.ts';
import { compareQuantities } from '../quantity.ts';
import { oneOf } from '../validation-pod.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export type QuotaScope = 'Terminating' | 'NotTerminating' | 'BestEffort' | 'NotBestEffort';

export interface ResourceQuota extends KubeObject {
  apiVersion: 'v1';
  kind: 'ResourceQuota';
  spec: {
    /** Quantities: `pods`, `requests.cpu`, `count/services`, ... */
    hard?: Record<string, string>;
    scopes?: QuotaScope[];
    /** Another way to name them, beside which the first counts too. */
    scopeSelector?: { matchExpressions?: { scopeName: QuotaScope; operator: 'Exists' }[] };
  };
  status: { hard?: Record<string, string>; used?: Record<string, string> };
}

const SCOPES = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort'] as const;

export const resourceQuotaKind = defineKind<ResourceQuota>({
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  hasStatus: true,
  answersDeleted: true,
  setDefaults: (quota) => {
    defaultObject(quota, 'spec');
    defaultObject(quota, 'status');
  },
  validate: validateQuota,
  validateUpdate: (next, previous) =>
    (['scopes', 'scopeSelector'] as const).flatMap((field) => {
      const [after = [], before = []] = [next, previous].map((quota) => objectAt(quota, 'spec')?.[field]);
      return equalJson(after, before) ? [] : [invalid(`spec.${field}`, after, 'field is immutable')];
    }),
  columns: [
    NAME,
    { name: 'Request', cell: (quota) => usage(quota, (name) => !name.startsWith('limits.')) },
    { name: 'Limit', cell: (quota) => usage(quota, (name) => name.startsWith('limits.')) },
    AGE,
  ],
});

function validateQuota(quota: JsonObject): FieldError[] {
  const spec = objectAt(quota, 'spec') ?? {};
  const hard = Object.entries(objectAt(spec, 'hard') ?? {}).flatMap(([name, amount]) => {
    const path = element('spec.hard', name);
    return [
      ...qualifiedName(name).map((text) => invalid(path, name, text)),
      ...(compareQuantities(textOf(amount), '0') < 0
        ? [invalid(path, amount, 'must be greater than or equal to 0')]
        : []),
    ];
  });
  const scopes = Array.isArray(spec.scopes) ? spec.scopes : [];
  return [
    ...hard,
    ...scopes.flatMap((scope, i) => oneOf(scope, SCOPES, element('spec.scopes', i))),
    ...objectsAt(objectAt(spec, 'scopeSelector'), 'matchExpressions').flatMap(validateExpression),
  ];
}

/** Kubernetes knows other operators for the scopes `PriorityClass` and `CrossNamespacePodAffinity` only. */
function validateExpression({ scopeName, operator, values }: JsonObject, i: number): FieldError[] {
  const at = element('spec.scopeSelector.matchExpressions', i);
  return [
    ...oneOf(scopeName ?? '', SCOPES, child(at, 'scopeName')),
    ...oneOf(operator ?? '', ['Exists'], child(at, 'operator')),
    ...(values === undefined ? [] : [forbidden(child(at, 'values'), 'may not be set for the operator Exists')]),
  ];
}

/** `pods: 1/10, services: 0/5` */
function usage({ status }: ResourceQuota, shown: (name: string) => boolean): string {
  return Object.keys(status.hard ?? {})
    .filter(shown)
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard?.[name]}`)
    .join(', ');
}
