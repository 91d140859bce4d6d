/**
 * Kubernetes' Table: the rows and columns kubectl prints, made by the server. One entry per kind in the sibling files; the server
 * and the live view use {@link tableOf}. Pure.
 */
import type { Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';

/** One column: a name, what it shows, and whether only `-o wide` shows it. */
export interface Column<T> {
  readonly name: string;
  readonly wide?: boolean;
  /** `integer` is right for numbers; default `string`. */
  readonly type?: 'string' | 'integer';
  readonly cell: (object: T, now: number) => string | number;
}

export type Columns<K extends Kind> = readonly Column<ObjectOf<K>>[];

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: { readonly resourceVersion?: string };
  readonly columnDefinitions: readonly ColumnDefinition[];
  readonly rows: readonly TableRow[];
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly (string | number)[];
  readonly object?: unknown;
}

export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** `objects` as a Table of `columns`; each row carries its object's metadata, all of it, or nothing. */
export function tableOf<T extends KubeObject>(
  columns: readonly Column<T>[],
  objects: readonly T[],
  options: { now: number; resourceVersion?: string; include: IncludeObject },
): Table {
  const { now, resourceVersion, include } = options;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: resourceVersion === undefined ? {} : { resourceVersion },
    columnDefinitions: columns.map(({ name, wide, type }, index) => ({
      name,
      type: type ?? 'string',
      format: index === 0 ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include !== 'None' && { object: include === 'Object' ? object : partial(object) }),
    })),
  };
}

function partial(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** What an empty cell shows. */
export const NONE = '<none>';

/** `a=1,b=2`, or `<none>`. */
export function pairs(map: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`);
  return entries.length === 0 ? NONE : entries.join(',');
}
