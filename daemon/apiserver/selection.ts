/** Which objects a list or a watch asked for: namespace, name, label and field selectors of the query. Pure. */
import { coreFieldOf, EVENTS_V1 } from '../../reconcilers/objects/events-v1.ts';
import {
  type FieldSelector,
  matchesFieldSelector,
  parseFieldSelector,
} from '../../reconcilers/objects/field-selector.ts';
import type { AnyObject, KindInfo } from '../../reconcilers/objects/kinds.ts';
import { type LabelSelector, matchesLabelSelector, parseLabelSelector } from '../../reconcilers/objects/selector.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { ResourceRequest } from './request-info.ts';

export type Selection = (object: AnyObject) => boolean;

/** How this group-version's names of fields are called in what is stored. */
function fieldNames({ apiVersion }: KindInfo): (field: string) => string {
  return apiVersion === EVENTS_V1 ? coreFieldOf : (field) => field;
}

/** BadRequest where a selector cannot be read. */
export function selectionOf(asked: Pick<ResourceRequest, 'info' | 'namespace' | 'query'>): Selection {
  let labels: LabelSelector;
  let fields: FieldSelector;
  try {
    labels = parseLabelSelector(asked.query.get('labelSelector') ?? '');
    fields = parseFieldSelector(asked.info.kind, asked.query.get('fieldSelector') ?? '', fieldNames(asked.info));
  } catch (cause) {
    throw new SampanError('BadRequest', { detail: messageOf(cause) }, cause);
  }
  return (object) =>
    (asked.namespace === '' || object.metadata.namespace === asked.namespace) &&
    matchesLabelSelector(labels, object.metadata.labels) &&
    matchesFieldSelector(fields, object);
}
