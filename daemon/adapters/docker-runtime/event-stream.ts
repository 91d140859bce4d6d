/** Docker's event messages as the port's events. The adapter's `events` calls it; what no loop asks about is filtered out. */
import type { RuntimeEvent } from '../../../reconcilers/ports/container-runtime.ts';

export interface DockerEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes?: Readonly<Record<string, string>> };
  /** Nanoseconds since the epoch, read as a double: exact to a microsecond, which is enough. */
  readonly timeNano: number;
}

const CONTAINER_ACTIONS: Readonly<Record<string, RuntimeEvent['type']>> = {
  create: 'created',
  start: 'started',
  die: 'died',
  // May come after the exit, and changes what is said of it.
  oom: 'died',
  destroy: 'removed',
};
const IMAGE_ACTIONS = ['pull', 'tag', 'untag', 'delete', 'import', 'load'];

/** For Docker's `filters`. Its label filter would drop images, which carry labels of their own. */
export const EVENT_FILTERS = {
  type: ['container', 'image'],
  event: [...Object.keys(CONTAINER_ACTIONS), ...IMAGE_ACTIONS],
};

/** Undefined where it is about a container without `label` (`key` or `key=value`). */
export function toRuntimeEvent(event: DockerEvent, label: string): RuntimeEvent | undefined {
  const attributes = event.Actor.Attributes ?? {};
  const at = Math.floor(event.timeNano / 1e6);
  if (event.Type === 'image') return { type: 'image', id: event.Actor.ID, labels: {}, at };
  const type = CONTAINER_ACTIONS[event.Action];
  if (type === undefined || !carries(attributes, label)) return undefined;
  return { type, id: event.Actor.ID, labels: withoutDockersOwn(attributes), at };
}

function carries(labels: Readonly<Record<string, string>>, label: string): boolean {
  const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(label) ?? [];
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

/** Docker puts its own facts among the labels (and over one of the same name). */
const DOCKERS_OWN = new Set(['image', 'name', 'exitCode', 'execDuration', 'signal']);

function withoutDockersOwn(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !DOCKERS_OWN.has(key)));
}
