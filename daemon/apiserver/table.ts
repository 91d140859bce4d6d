/**
 * Kubernetes' Table: the rows and columns kubectl prints, made by the server. The columns are on each
 * kind's page (`reconcilers/objects/kinds/`). Pure.
 */
import type { Column } from '../../reconcilers/objects/kinds/entry.ts';

export interface Table {
  readonly kind: 'Table';
  /** `meta.k8s.io/v1`, or its beta. */
  readonly apiVersion: string;
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
export function tableOf<T extends { readonly metadata: unknown }>(
  columns: readonly Column<T>[],
  objects: readonly T[],
  options: {
    apiVersion: string;
    now: number;
    metadata: object;
    include: IncludeObject;
    shown?: (object: T) => unknown;
  },
): Table {
  const { apiVersion, now, metadata, include, shown = (object: T): unknown => object } = options;
  return {
    kind: 'Table',
    apiVersion,
    metadata,
    columnDefinitions: columns.map(({ name, wide, type }, index) => ({
      name,
      type: type ?? 'string',
      format: index === 0 ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include !== 'None' && { object: include === 'Object' ? shown(object) : partial(object, apiVersion) }),
    })),
  };
}

function partial({ metadata }: { readonly metadata: unknown }, apiVersion: string): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata };
}
