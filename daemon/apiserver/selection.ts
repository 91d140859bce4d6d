/** Which objects a list or a watch asked for: namespace, name, label and field selectors of the query. Pure. */
import {
  type FieldSelector,
  matchesFieldSelector,
  parseFieldSelector,
} from '../../reconcilers/objects/field-selector.ts';
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import { type LabelSelector, matchesLabelSelector, parseLabelSelector } from '../../reconcilers/objects/selector.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { ResourceRequest } from './request-info.ts';

export type Selection = (object: AnyObject) => boolean;

/** BadRequest where a selector cannot be read. */
export function selectionOf(asked: Pick<ResourceRequest, 'info' | 'namespace' | 'query'>): Selection {
  let labels: LabelSelector;
  let fields: FieldSelector;
  try {
    labels = parseLabelSelector(asked.query.get('labelSelector') ?? '');
    fields = parseFieldSelector(asked.info.kind, asked.query.get('fieldSelector') ?? '');
  } catch (cause) {
    throw new SampanError('BadRequest', { detail: messageOf(cause) }, cause);
  }
  return (object) =>
    (asked.namespace === '' || object.metadata.namespace === asked.namespace) &&
    matchesLabelSelector(labels, object.metadata.labels) &&
    matchesFieldSelector(fields, object);
}
