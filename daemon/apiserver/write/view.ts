/**
 * What a path shows of a stored object, and what a write to it may change: the object itself, its status, its scale, ... GET, PUT and
 * PATCH of all of them are the same code over these. Pure.
 */
import type { Event } from '../../../reconcilers/objects/cluster.ts';
import { coreEventOf, EVENTS_V1, eventsV1Of } from '../../../reconcilers/objects/events-v1.ts';
import type { FieldError } from '../../../reconcilers/objects/field-error.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Column } from '../../../reconcilers/objects/kinds/entry.ts';
import type { AnyObject, KindInfo } from '../../../reconcilers/objects/kinds.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { ReplicationController } from '../../../reconcilers/objects/replication-controller.ts';
import { validateNewStyleEvent, validateNewStyleEventUpdate } from '../../../reconcilers/objects/validation-event.ts';
import type { ObjectPart } from '../../../reconcilers/ports/object-client.ts';
import { VERBS, type Verb } from '../request-info.ts';
import { withEphemeralContainers } from './ephemeral-containers.ts';
import { SCALE_COLUMNS, type Scale, scaleOf, withScale } from './scale.ts';

export interface View {
  /** Of what goes over the wire. */
  readonly kind: string;
  readonly apiVersion: string;
  readonly part: ObjectPart;
  /** What may be asked of the path; MethodNotAllowed for the others. */
  readonly verbs: readonly Verb[];
  /** Of the stored object, where they are not those of its kind. */
  readonly columns?: readonly Column<AnyObject>[];
  /** What the path shows. */
  shown(object: AnyObject): AnyObject;
  /** Where the body is of another group-version than what is stored: what it stands for, and what of it that has not. */
  stored?(body: JsonObject): { readonly object: JsonObject; readonly unknownFields: readonly string[] };
  /** What this path demands beyond the rules of the kind; `previous` undefined: the object is being created. */
  problems?(next: JsonObject, previous: JsonObject | undefined): FieldError[];
  /** The stored object as the body changes it. */
  changed(current: AnyObject, body: AnyObject): AnyObject;
}

/** Undefined where the path has none. */
export function viewOf(info: KindInfo, subresource: string): View | undefined {
  const { kind, apiVersion } = info;
  const whole = (part: ObjectPart, verbs: readonly Verb[]): View => ({
    kind,
    apiVersion,
    part,
    verbs,
    shown: (object) => object,
    changed: (_current, body) => body,
  });
  if (subresource === '' && apiVersion === EVENTS_V1) return EVENTS;
  if (subresource === '') return whole('spec', VERBS);
  if (subresource === 'status' && info.hasStatus) return whole('status', ['get', 'update', 'patch']);
  if (subresource === 'finalize' && kind === 'Namespace') return whole('finalizers', ['update']);
  if (subresource === 'ephemeralcontainers' && kind === 'Pod') {
    return {
      ...whole('whole', ['get', 'update', 'patch']),
      changed: (current, body) => withEphemeralContainers(current as Pod, body as Pod),
    };
  }
  if (subresource === 'scale' && kind === 'ReplicationController') return SCALE;
  return undefined;
}

const SCALE: View = {
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  part: 'spec',
  verbs: ['get', 'update', 'patch'],
  columns: SCALE_COLUMNS as readonly Column<AnyObject>[],
  shown: (object) => scaleOf(object as ReplicationController) as unknown as AnyObject,
  changed: (current, body) => withScale(current as ReplicationController, body as unknown as Scale),
};

/** The same Events as the core group's, in newer words. */
const EVENTS: View = {
  kind: 'Event',
  apiVersion: EVENTS_V1,
  part: 'spec',
  verbs: VERBS,
  shown: (object) => eventsV1Of(object as Event) as unknown as AnyObject,
  stored: coreEventOf,
  problems: (next, previous) =>
    previous === undefined ? validateNewStyleEvent(next) : validateNewStyleEventUpdate(next, previous),
  changed: (_current, body) => body,
};
