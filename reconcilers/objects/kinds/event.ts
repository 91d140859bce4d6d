/** v1 Event. It vanishes after an hour (`reconcilers/kit/registry/event-lease.ts`); no loop reads it. */
import { age } from '../age.ts';
import type { Event } from '../cluster.ts';
import { setDefault } from '../defaulting.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { isJsonObject, type JsonObject, objectAt } from '../json.ts';
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
    { name: 'Last Seen', cell: (event, now) => age(event.lastTimestamp, now) },
    { name: 'Type', cell: (event) => event.type },
    { name: 'Reason', cell: (event) => event.reason },
    { name: 'Object', cell: (event) => `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}` },
    { name: 'Subobject', wide: true, cell: (event) => event.involvedObject.fieldPath ?? '' },
    {
      name: 'Source',
      wide: true,
      cell: ({ source }) => [source.component, source.host].filter(Boolean).join(', '),
    },
    { name: 'Message', cell: (event) => event.message.trim() },
    { name: 'First Seen', wide: true, cell: (event, now) => age(event.firstTimestamp, now) },
    { name: 'Count', wide: true, type: 'integer', cell: (event) => event.count },
    { ...NAME, wide: true },
  ],
});

/** An event lies in the namespace of what it is about; those about cluster-scoped objects lie in `default`. */
function validateEvent(event: JsonObject): FieldError[] {
  const about = objectAt(event, 'involvedObject');
  if (!isJsonObject(about)) return [required('involvedObject')];
  const namespace = about.namespace ?? '';
  const home = objectAt(event, 'metadata')?.namespace;
  const matches = namespace === home || (namespace === '' && home === 'default');
  return matches ? [] : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
}
