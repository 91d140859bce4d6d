/**
 * events.k8s.io/v1 Event: the same stored Events by other names. The API server hands bodies of that group through `coreEventOf` and
 * answers through `eventsV1Of`; nothing is stored in this form. Pure. Source: pkg/apis/events/v1/conversion.go
 */
import type { Event, EventSeries, EventSource, ObjectReference } from './cluster.ts';
import { type JsonObject, setMember } from './json.ts';
import type { KubeObject, MicroTime, Timestamp } from './meta.ts';

export const EVENTS_V1 = 'events.k8s.io/v1';

export interface EventsV1Event extends KubeObject {
  apiVersion: typeof EVENTS_V1;
  kind: 'Event';
  eventTime?: MicroTime;
  series?: EventSeries;
  reportingController?: string;
  reportingInstance?: string;
  /** What was done, or could not be: for machines. */
  action?: string;
  reason: string;
  regarding: ObjectReference;
  related?: ObjectReference;
  note: string;
  type: Event['type'];
  deprecatedSource?: EventSource;
  deprecatedFirstTimestamp?: Timestamp;
  deprecatedLastTimestamp?: Timestamp;
  deprecatedCount?: number;
}

/** events.k8s.io's name of a member, and core's. */
const RENAMED: readonly (readonly [keyof EventsV1Event, keyof Event])[] = [
  ['reportingController', 'reportingComponent'],
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];
const TO_CORE = new Map<string, string>(RENAMED);
const FROM_CORE = new Map<string, string>(RENAMED.map(([name, core]) => [core, name]));

export interface CoreEvent {
  readonly object: JsonObject;
  /** Members that only a core Event has: of this group they are unknown, and left out. */
  readonly unknownFields: readonly string[];
}

/** A body of events.k8s.io/v1 as the core Event it stands for; whether it is a good one is for decoding to say. */
export function coreEventOf(body: JsonObject): CoreEvent {
  const unknownFields = Object.keys(body).filter((field) => FROM_CORE.has(field));
  return { object: { ...renamed(body, TO_CORE, FROM_CORE), apiVersion: 'v1' }, unknownFields };
}

export function eventsV1Of(event: Event): EventsV1Event {
  const object = renamed(event as unknown as JsonObject, FROM_CORE, TO_CORE);
  // An empty source is what defaulting makes of none.
  if (Object.keys(event.source).length === 0) delete object.deprecatedSource;
  return { ...object, apiVersion: EVENTS_V1 } as unknown as EventsV1Event;
}

/** The core name of a field that a selector of events.k8s.io names: `regarding.kind` is `involvedObject.kind`. */
export function coreFieldOf(field: string): string {
  const [first = '', ...rest] = field.split('.');
  return [TO_CORE.get(first) ?? first, ...rest].join('.');
}

function renamed(
  object: JsonObject,
  names: ReadonlyMap<string, string>,
  dropped: ReadonlyMap<string, string>,
): JsonObject {
  const result: JsonObject = {};
  for (const [field, value] of Object.entries(object)) {
    if (!dropped.has(field)) setMember(result, names.get(field) ?? field, value);
  }
  return result;
}
