/**
 * A v1.NodeSelector, as PersistentVolumes name the nodes that can reach them: any of its terms, all requirements of that term.
 * Checked, and matched against a node. Pure. Source: component-helpers/scheduling/corev1/nodeaffinity
 */
import { isEmpty } from './defaulting.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectsAt, textOf } from './json.ts';
import type { Labels } from './meta.ts';
import { validateLabels } from './validation-metadata.ts';
import { oneOf } from './validation-pod.ts';

export interface NodeSelector {
  nodeSelectorTerms: NodeSelectorTerm[];
}

export interface NodeSelectorTerm {
  /** Of the node's labels. */
  matchExpressions?: NodeSelectorRequirement[];
  /** Of its name: `metadata.name` is the only field. */
  matchFields?: NodeSelectorRequirement[];
}

export interface NodeSelectorRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  values?: string[];
}

export interface SelectedNode {
  readonly name: string;
  readonly labels: Labels;
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;
const NAME_FIELD = 'metadata.name';

/** An absent selector selects every node, a term without requirements none. */
export function matchesNodeSelector(selector: NodeSelector | undefined, { name, labels }: SelectedNode): boolean {
  if (selector === undefined) return true;
  return selector.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const fields = { [NAME_FIELD]: name };
    return matchExpressions.every((each) => meets(each, labels)) && matchFields.every((each) => meets(each, fields));
  });
}

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean {
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
      return value !== undefined && isWhole(value) && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && isWhole(value) && Number(value) < Number(values[0]);
  }
}

export function validateNodeSelector(selector: JsonObject, path: string): FieldError[] {
  const terms = objectsAt(selector, 'nodeSelectorTerms');
  const at = child(path, 'nodeSelectorTerms');
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => [
    ...objectsAt(term, 'matchExpressions').flatMap((requirement, j) => {
      const own = element(child(element(at, i), 'matchExpressions'), j);
      return [
        ...validateRequirement(requirement, own),
        ...validateLabels({ [textOf(requirement.key)]: '' }, child(own, 'key')),
      ];
    }),
    ...objectsAt(term, 'matchFields').flatMap((requirement, j) => {
      const own = element(child(element(at, i), 'matchFields'), j);
      return validateField(requirement, own);
    }),
  ]);
}

function validateRequirement({ operator, values }: JsonObject, path: string): FieldError[] {
  const at = child(path, 'values');
  const given = Array.isArray(values) ? values : [];
  const errors = oneOf(operator ?? '', OPERATORS, child(path, 'operator'));
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (given.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (given.length > 0) {
        errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (given.length !== 1 || !isWhole(given[0])) {
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
  }
  return errors;
}

function validateField({ key, operator, values }: JsonObject, path: string): FieldError[] {
  const given = Array.isArray(values) ? values : [];
  return [
    ...(key === NAME_FIELD ? [] : [invalid(child(path, 'key'), key, 'not a valid field selector key')]),
    ...oneOf(operator ?? '', ['In', 'NotIn'], child(path, 'operator')),
    ...(given.length === 1 && !isEmpty(given[0])
      ? []
      : [
          required(
            child(path, 'values'),
            'must be only one value when `operator` is `In` or `NotIn` for node field selector',
          ),
        ]),
  ];
}

function isWhole(value: Json | undefined): boolean {
  return /^[-+]?\d+$/.test(textOf(value));
}
