/** How objects go over the wire: plain JSON, or as the Table a client's Accept header asks for. Pure. */
import type { Column } from '../../reconcilers/objects/kinds/entry.ts';
import { type AnyObject, KINDS, type Kind, type KindInfo } from '../../reconcilers/objects/kinds.ts';
import { type IncludeObject, tableOf } from './table.ts';

export interface Representation {
  /** One object, or one event's object. */
  one(object: AnyObject): unknown;
  list(objects: readonly AnyObject[], revision: number): unknown;
}

/** The representation that `accept` and the query's `includeObject` ask for; times are as of `now`. */
export function representationOf(
  info: KindInfo,
  accept: string,
  includeObject: string | null,
  now: () => number,
): Representation {
  return wantsTable(accept) ? asTable(info.kind, includeOf(includeObject), now) : asJson(info);
}

function wantsTable(accept: string): boolean {
  const [first = ''] = accept.split(',');
  return /;\s*as=Table\b/.test(first) && /;\s*g=meta\.k8s\.io\b/.test(first);
}

/** What of an object its row carries, from the query. */
export function includeOf(value: string | null): IncludeObject {
  return value === 'Object' || value === 'None' ? value : 'Metadata';
}

function asJson(info: KindInfo): Representation {
  return {
    one: (object) => object,
    list: (objects, revision) => ({
      kind: `${info.kind}List`,
      apiVersion: info.apiVersion,
      metadata: { resourceVersion: String(revision) },
      items: objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest),
    }),
  };
}

function asTable(kind: Kind, includeObject: IncludeObject, now: () => number): Representation {
  const columns = KINDS[kind].columns as readonly Column<AnyObject>[];
  const table = (objects: readonly AnyObject[], resourceVersion: string) =>
    tableOf(columns, objects, { now: now(), resourceVersion, include: includeObject });
  return {
    one: (object) => table([object], object.metadata.resourceVersion),
    list: (objects, revision) => table(objects, String(revision)),
  };
}
