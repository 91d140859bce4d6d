/** policy/v1 PodDisruptionBudget. Its status is kept by the disruption loop; evictions respect it. */
import { defaultObject, isEmpty } from '../defaulting.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { type Json, type JsonObject, objectAt } from '../json.ts';
import type { Condition, KubeObject, Timestamp } from '../meta.ts';
import { type SelectorTerms, validateSelectorTerms } from '../selector-terms.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export interface PodDisruptionBudget extends KubeObject {
  apiVersion: 'policy/v1';
  kind: 'PodDisruptionBudget';
  spec: {
    /** A number of pods, or a percentage of those expected. */
    minAvailable?: number | string;
    maxUnavailable?: number | string;
    /** Absent selects nothing, empty everything in the namespace. */
    selector?: SelectorTerms;
    unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
  };
  status: {
    currentHealthy: number;
    desiredHealthy: number;
    disruptionsAllowed: number;
    expectedPods: number;
    observedGeneration?: number;
    /** Evicted, but not yet seen to go. */
    disruptedPods?: Record<string, Timestamp>;
    conditions?: Condition[];
  };
}

export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  kind: 'PodDisruptionBudget',
  apiVersion: 'policy/v1',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  hasStatus: true,
  setDefaults: (budget) => {
    defaultObject(budget, 'spec');
    const status = defaultObject(budget, 'status');
    for (const count of ['currentHealthy', 'desiredHealthy', 'disruptionsAllowed', 'expectedPods']) {
      status[count] ??= 0;
    }
  },
  validate: validateBudget,
  columns: [
    NAME,
    { name: 'Min Available', cell: ({ spec }) => spec.minAvailable ?? 'N/A' },
    { name: 'Max Unavailable', cell: ({ spec }) => spec.maxUnavailable ?? 'N/A' },
    { name: 'Allowed Disruptions', type: 'integer', cell: ({ status }) => status.disruptionsAllowed },
    AGE,
  ],
});

function validateBudget(budget: JsonObject): FieldError[] {
  const spec = objectAt(budget, 'spec') ?? {};
  const { minAvailable, maxUnavailable } = spec;
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  return [
    ...(both ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...amount(minAvailable, 'spec.minAvailable'),
    ...amount(maxUnavailable, 'spec.maxUnavailable'),
    ...(isEmpty(spec.selector) ? [] : validateSelectorTerms(spec.selector, 'spec.selector')),
  ];
}

function amount(value: Json | undefined, path: string): FieldError[] {
  if (typeof value === 'number') {
    return value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
  }
  if (typeof value !== 'string') return [];
  const match = /^(\d+)%$/.exec(value);
  if (match === null) {
    return [
      invalid(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
      ),
    ];
  }
  return Number(match[1]) > 100 ? [invalid(path, value, 'must not be greater than 100%')] : [];
}
