/** v1 Event. It vanishes after an hour (`reconcilers/kit/registry/event-lease.ts`); no loop reads it. events.k8s.io/v1 is another view of it. */
import { age } from '../age.ts';
import type { Event } from '../cluster.ts';
import { setDefault } from '../defaulting.ts';
import { isNewStyle, validateEvent } from '../validation-event.ts';
import { NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const eventKind = defineKind<Event>({
  kind: 'Event',
  plural: 'events',
  createdByUpdate: true,
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
    // Of one of the new style, how often it came is in its series.
    if (!isNewStyle(event)) setDefault(event, 'count', 1);
  },
  validate: validateEvent,
  columns: [
    { name: 'Last Seen', cell: (event, now) => age(lastSeen(event), now) },
    { name: 'Type', cell: (event) => event.type },
    { name: 'Reason', cell: (event) => event.reason ?? '' },
    { name: 'Object', cell: subjectOf },
    { name: 'Subobject', wide: true, cell: (event) => event.involvedObject.fieldPath ?? '' },
    { name: 'Source', wide: true, cell: reporterOf },
    { name: 'Message', cell: (event) => (event.message ?? '').trim() },
    { name: 'First Seen', wide: true, cell: (event, now) => age(event.firstTimestamp ?? event.eventTime, now) },
    { name: 'Count', wide: true, type: 'integer', cell: countOf },
    { ...NAME, wide: true },
  ],
});

/** `pod/web-x7k2p`; of an author who names no object, what kind it is. */
function subjectOf({ involvedObject }: Event): string {
  const { kind = '', name = '' } = involvedObject as Partial<Event['involvedObject']>;
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

/** When it came last, and how often in all. */
function lastSeen({ series, lastTimestamp, firstTimestamp, eventTime }: Event): string | undefined {
  return series?.lastObservedTime ?? lastTimestamp ?? firstTimestamp ?? eventTime;
}

function countOf({ series, count }: Event): number {
  return series?.count ?? (count || 1);
}

function reporterOf({ source, reportingComponent, reportingInstance }: Event): string {
  return [source.component || reportingComponent, source.host || reportingInstance].filter(Boolean).join(', ');
}
