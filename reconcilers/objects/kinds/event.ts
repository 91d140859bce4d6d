/** v1 Event. It vanishes after an hour (`reconcilers/kit/registry/event-lease.ts`); no loop reads it. */
import { age } from '../age.ts';
import type { Event } from '../cluster.ts';
import { setDefault } from '../defaulting.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { isJsonObject, type JsonObject, objectAt } from '../json.ts';
import type { Timestamp } from '../meta.ts';
import { NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const eventKind = defineKind<Event>({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  declarable: false,
  cached: false,
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  setDefaults: (event) => {
    setDefault(event, 'type', 'Normal');
    setDefault(event, 'source', {});
    setDefault(event, 'count', 1);
  },
  validate: validateEvent,
  columns: [
    { name: 'Last Seen', cell: (event, now) => age(lastSeen(event), now) },
    { name: 'Type', cell: (event) => event.type },
    { name: 'Reason', cell: (event) => event.reason ?? '' },
    { name: 'Object', cell: subjectOf },
    { name: 'Subobject', wide: true, cell: (event) => event.involvedObject.fieldPath ?? '' },
    {
      name: 'Source',
      wide: true,
      cell: sourceOf,
    },
    { name: 'Message', cell: (event) => (event.message ?? '').trim() },
    { name: 'First Seen', wide: true, cell: (event, now) => age(firstSeen(event), now) },
    { name: 'Count', wide: true, type: 'integer', cell: (event) => event.series?.count ?? event.count },
    { ...NAME, wide: true },
  ],
});

function firstSeen(event: Event): Timestamp | undefined {
  return event.firstTimestamp ?? event.eventTime;
}

function lastSeen(event: Event): Timestamp | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

/** `pod/web-x7k2p`; of an author who names no object, what kind it is. */
function subjectOf({ involvedObject: { kind = '', name = '' } }: Event): string {
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

/** `kubelet, n1`: as authors of either form of events say it. */
function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const { component = reportingComponent, host = reportingInstance } = source;
  return [component, host].filter(Boolean).join(', ');
}

/** An event lies in the namespace of what it is about; those about cluster-scoped objects lie in `default`. */
function validateEvent(event: JsonObject): FieldError[] {
  const about = objectAt(event, 'involvedObject');
  if (!isJsonObject(about)) return [required('involvedObject')];
  const namespace = about.namespace ?? '';
  const home = objectAt(event, 'metadata')?.namespace;
  const matches = namespace === home || (namespace === '' && home === 'default');
  return matches ? [] : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
}
