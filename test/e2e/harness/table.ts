/** Reads a table as `sampan get` and kubectl print it, as a person reads it: by its columns' headers. */

/** One object per row, by header. Columns are at least three spaces apart, as kubectl lays them out. */
export function tableOf(printed: string): Readonly<Record<string, string>>[] {
  const [header = '', ...lines] = printed.trimEnd().split('\n');
  const names = header.split(/ {3,}/);
  const starts = names.map((name, i) => header.indexOf(name, i === 0 ? 0 : header.indexOf(names[i - 1] ?? '') + 1));
  return lines.map((line) =>
    Object.fromEntries(names.map((name, i) => [name, line.slice(starts[i], starts[i + 1]).trim()])),
  );
}
