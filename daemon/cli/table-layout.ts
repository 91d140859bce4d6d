/** Lays a Table out in columns as kubectl does: upper-case headers, three spaces between. Pure. */
import type { Table } from '../apiserver/table.ts';

export interface TableLayout {
  /** Show the columns of `-o wide` too. */
  readonly wide: boolean;
  /** Lead with each object's namespace. */
  readonly namespaces: boolean;
  /** Print the header line. */
  readonly upper: boolean;
}

export function layOutTable(table: Table, layout: TableLayout): string {
  const shown = table.columnDefinitions.map((column, index) => ({ column, index }));
  const columns = shown.filter(({ column }) => layout.wide || column.priority === 0);
  const header = [
    ...(layout.namespaces ? ['NAMESPACE'] : []),
    ...columns.map(({ column }) => column.name.toUpperCase()),
  ];
  const rows = table.rows.map((row) => [
    ...(layout.namespaces ? [namespaceOf(row.object)] : []),
    ...columns.map(({ index }) => firstLine(String(row.cells[index] ?? ''))),
  ]);
  return layOutRows(header, rows, layout.upper);
}

/** Columns as wide as the header and the rows are, whether the header is shown or not. */
export function layOutRows(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  showsHeader = true,
): string {
  const lines = showsHeader ? [header, ...rows] : rows;
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return lines
    .map(
      (cells) =>
        `${cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + 3))).join('')}\n`,
    )
    .join('');
}

/** As kubectl shows a cell of several lines. */
function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : `${text.slice(0, end)}...`;
}

function namespaceOf(object: unknown): string {
  return (object as { metadata?: { namespace?: string } } | undefined)?.metadata?.namespace ?? '';
}
