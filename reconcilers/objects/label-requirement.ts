/** What an expression of a selector asks of labels: of pods, of nodes, of whatever else is selected. Pure. Source: apimachinery/pkg/labels */
import type { Labels } from './meta.ts';

export interface LabelRequirement {
  readonly key: string;
  /** Gt and Lt, which only selectors of nodes have: the label and the one value are whole numbers. */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values?: readonly string[];
}

export function meetsRequirement({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const [limit = ''] = values;
      if (value === undefined || !isWhole(value) || !isWhole(limit)) return false;
      return operator === 'Gt' ? Number(value) > Number(limit) : Number(value) < Number(limit);
    }
  }
}

function isWhole(value: string): boolean {
  return /^[-+]?\d+$/.test(value);
}
