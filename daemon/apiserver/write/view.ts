/**
 * What a path shows of a stored object, and what a write to it may change: the object itself, its status, its scale, ... GET, PUT and
 * PATCH of all of them are the same code over these. Pure.
 */
import type { AnyObject, KindInfo } from '../../../reconcilers/objects/kinds.ts';
import type { ObjectPart } from '../../../reconcilers/ports/object-client.ts';

export interface View {
  /** Of what goes over the wire. */
  readonly kind: string;
  readonly apiVersion: string;
  readonly part: ObjectPart;
  /** What the path shows. */
  shown(object: AnyObject): AnyObject;
  /** The stored object as the body changes it. */
  changed(current: AnyObject, body: AnyObject): AnyObject;
}

/** Undefined where the path has none. */
export function viewOf(info: KindInfo, subresource: string): View | undefined {
  const { kind, apiVersion } = info;
  const whole = (part: ObjectPart): View => ({
    kind,
    apiVersion,
    part,
    shown: (object) => object,
    changed: (_current, body) => body,
  });
  if (subresource === '') return whole('spec');
  if (subresource === 'status' && info.hasStatus) return whole('status');
  if (subresource === 'finalize' && kind === 'Namespace') return whole('finalizers');
  return undefined;
}
