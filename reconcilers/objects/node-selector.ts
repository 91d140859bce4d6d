/**
 * A v1.NodeSelector, as pods and PersistentVolumes name the nodes that will do: any of its terms, all requirements of that term.
 * Checked, and matched against a node. Pure. Source: component-helpers/scheduling/corev1/nodeaffinity,
 * pkg/apis/core/validation/validation.go (ValidateNodeSelector)
 */
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type JsonObject, objectsAt, textOf } from './json.ts';
import { type LabelRequirement, meetsRequirement } from './label-requirement.ts';
import type { Labels } from './meta.ts';
import { dnsSubdomain, labelValue, qualifiedName } from './name-formats.ts';

export interface NodeSelector {
  nodeSelectorTerms: NodeSelectorTerm[];
}

export interface NodeSelectorTerm {
  /** Of the node's labels. */
  matchExpressions?: LabelRequirement[];
  /** Of its name: `metadata.name` is the only field. */
  matchFields?: LabelRequirement[];
}

export interface SelectedNode {
  readonly name: string;
  readonly labels: Labels;
}

const NAME_FIELD = 'metadata.name';
const NOT_AN_OPERATOR = 'not a valid selector operator';

/** An absent selector selects every node, a term without requirements none. */
export function matchesNodeSelector(selector: NodeSelector | undefined, { name, labels }: SelectedNode): boolean {
  if (selector === undefined) return true;
  return selector.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const fields = { [NAME_FIELD]: name };
    return (
      matchExpressions.every((each) => meetsRequirement(each, labels)) &&
      matchFields.every((each) => meetsRequirement(each, fields))
    );
  });
}

export function validateNodeSelector(selector: JsonObject, path: string): FieldError[] {
  const terms = objectsAt(selector, 'nodeSelectorTerms');
  const at = child(path, 'nodeSelectorTerms');
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => validateNodeSelectorTerm(term, element(at, i), { checksValues: true }));
}

/** `checksValues`: whether what no label can be is refused, which Kubernetes does of what is required, not of what is preferred. */
export function validateNodeSelectorTerm(
  term: JsonObject,
  path: string,
  { checksValues }: { checksValues: boolean },
): FieldError[] {
  const own = (field: string, j: number) => element(child(path, field), j);
  return [
    ...objectsAt(term, 'matchExpressions').flatMap((requirement, j) =>
      validateRequirement(requirement, own('matchExpressions', j), checksValues),
    ),
    ...objectsAt(term, 'matchFields').flatMap((requirement, j) => validateField(requirement, own('matchFields', j))),
  ];
}

function validateRequirement(requirement: JsonObject, path: string, checksValues: boolean): FieldError[] {
  const { key = '', operator = '' } = requirement;
  const at = child(path, 'values');
  const values = valuesOf(requirement);
  const errors: FieldError[] = [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(child(path, 'operator'), operator, NOT_AN_OPERATOR));
  }
  errors.push(...qualifiedName(textOf(key)).map((text) => invalid(child(path, 'key'), key, text)));
  return checksValues ? [...errors, ...validateValues(values, at, labelValue)] : errors;
}

function validateField(requirement: JsonObject, path: string): FieldError[] {
  const { key = '', operator = '' } = requirement;
  const at = child(path, 'values');
  const values = valuesOf(requirement);
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(child(path, 'operator'), operator, NOT_AN_OPERATOR));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(at, detail));
  }
  if (key !== NAME_FIELD) return [...errors, invalid(child(path, 'key'), key, 'not a valid field selector key')];
  return [...errors, ...validateValues(values, at, dnsSubdomain)];
}

function validateValues(values: readonly string[], path: string, format: (text: string) => string[]): FieldError[] {
  return values.flatMap((value, i) => format(value).map((text) => invalid(element(path, i), value, text)));
}

function valuesOf({ values }: JsonObject): string[] {
  return Array.isArray(values) ? values.map(textOf) : [];
}
