/**
 * Field selectors (`spec.nodeName=a,status.phase!=Failed`): parsed against the fields that Kubernetes lets a kind be selected
 * by, and matched against stored objects. Used by lists and watches of the API server.
 */
import { isJsonObject, type Json, type JsonObject, ownMember } from './json.ts';
import { type AnyObject, KINDS, type Kind } from './kinds.ts';
import { SelectorSyntaxError } from './selector.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All must hold; none at all matches everything. */
export type FieldSelector = readonly FieldRequirement[];

/** Every kind; others are on the kind's page. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/ */
const EVERYWHERE = ['metadata.name', 'metadata.namespace'];

/**
 * Reads `field=value`, `==` and `!=`, joined by commas; `\,` `\=` `\\` stand for themselves in a value.
 * `storedName`: how another group-version's name of a field is called in what is stored.
 * Throws {@link SelectorSyntaxError}: `field label not supported: x`.
 */
export function parseFieldSelector(
  kind: Kind,
  text: string,
  storedName: (field: string) => string = (field) => field,
): FieldSelector {
  const allowed = [...EVERYWHERE, ...KINDS[kind].selectableFields];
  const terms = text.match(/(?:\\.|[^,\\])+/g) ?? [];
  return terms.map((term) => {
    const match = /^((?:\\.|[^=!\\])*)(!=|==|=)((?:\\.|[^\\=])*)$/.exec(term.trim());
    if (match === null) throw new SelectorSyntaxError(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, named = '', operator, value = ''] = match;
    const field = storedName(named);
    if (!allowed.includes(field)) throw new SelectorSyntaxError(`field label not supported: ${named}`);
    return { field, operator: operator === '!=' ? '!=' : '=', value: value.replace(/\\(.)/g, '$1') };
  });
}

/** Whether the object meets every requirement; a field that is absent reads as the empty string, or as its zero value. */
export function matchesFieldSelector(selector: FieldSelector, object: AnyObject): boolean {
  return selector.every(({ field, operator, value }) => (fieldText(object, field) === value) === (operator === '='));
}

const ZERO_VALUES: Record<string, string> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.replicas': '0',
};

function fieldText(object: AnyObject, field: string): string {
  // An Event's `source` selects by the component in it.
  const path = field === 'source' ? ['source', 'component'] : field.split('.');
  let value: Json | undefined = object as unknown as JsonObject;
  for (const step of path) value = isJsonObject(value) ? ownMember(value, step) : undefined;
  if (value === undefined || value === null || typeof value === 'object') return ZERO_VALUES[field] ?? '';
  return String(value);
}
