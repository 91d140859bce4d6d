/**
 * Validation of Events, the core form of both groups. Every write passes `validateEvent`; those through events.k8s.io/v1 also what
 * the API server asks of them there. Source: pkg/apis/core/validation/events.go, whose texts these are.
 */
import { type FieldError, invalid, required } from './field-error.ts';
import { equalJson, isJsonObject, type JsonObject, objectAt, textOf } from './json.ts';
import { qualifiedName } from './name-formats.ts';

const LIMITS = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;
/** Where events about cluster-scoped objects may lie. */
const HOMES = ['default', 'kube-system'];
/** What the writer of a new-style event leaves to the old style. */
const DEPRECATED = ['firstTimestamp', 'lastTimestamp', 'count'] as const;
const IMMUTABLE = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime'],
  ...['action', 'related', 'reportingComponent', 'reportingInstance'],
] as const;

/** An event with an eventTime is one of the new style, whichever group it came through. */
export function isNewStyle(event: JsonObject): boolean {
  return textOf(event.eventTime) !== '';
}

export function validateEvent(event: JsonObject): FieldError[] {
  const about = objectAt(event, 'involvedObject');
  if (!isJsonObject(about)) return [required('involvedObject')];
  const namespace = textOf(about.namespace);
  const home = textOf(objectAt(event, 'metadata')?.namespace);
  const elsewhere = [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
  if (!isNewStyle(event)) {
    return namespace === home || (namespace === '' && home === 'default') ? [] : elsewhere;
  }
  return [
    ...(namespace === '' && !HOMES.includes(home) ? elsewhere : []),
    ...validateReporter(event),
    ...limited(event, 'reportingInstance', true),
    ...limited(event, 'action', true),
    ...limited(event, 'reason', true),
    ...limited(event, 'message', false),
  ];
}

/** Of a core Event that is created through events.k8s.io/v1, beyond {@link validateEvent}. Before it is defaulted. */
export function validateNewStyleEvent(event: JsonObject): FieldError[] {
  const source = objectAt(event, 'source') ?? {};
  const type = textOf(event.type);
  const unset = DEPRECATED.filter((field) => (event[field] ?? 0) !== 0);
  return [
    ...validateSeries(event),
    ...(isNewStyle(event) ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset.map((field) => invalid(field, '', 'needs to be unset')),
    ...(source.component || source.host ? [invalid('source', '', 'needs to be unset')] : []),
  ];
}

/** Of an update through events.k8s.io/v1: only the series and the metadata may change. */
export function validateNewStyleEventUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const series = equalJson(next.series, previous.series) ? [] : validateSeries(next);
  const changed = IMMUTABLE.filter((field) => !equalJson(next[field], previous[field]));
  return [...series, ...changed.map((field) => invalid(shownName(field), next[field], 'field is immutable'))];
}

function validateReporter(event: JsonObject): FieldError[] {
  const name = textOf(event.reportingComponent);
  const field = shownName('reportingComponent');
  if (name === '') return [required(field), ...qualifiedName('').map((text) => invalid(field, '', text))];
  return qualifiedName(name).map((text) => invalid(field, name, text));
}

function validateSeries(event: JsonObject): FieldError[] {
  const series = objectAt(event, 'series');
  if (series === undefined) return [];
  return [
    ...(Number(series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime === undefined ? [required('series.lastObservedTime')] : []),
  ];
}

function limited(event: JsonObject, field: keyof typeof LIMITS, isRequired: boolean): FieldError[] {
  const text = textOf(event[field]);
  if (text === '') return isRequired ? [required(field)] : [];
  const most = LIMITS[field];
  return Buffer.byteLength(text) > most ? [invalid(field, '', `can have at most ${most} characters`)] : [];
}

/** The internal type calls it as events.k8s.io does. */
function shownName(field: string): string {
  return field === 'reportingComponent' ? 'reportingController' : field;
}
