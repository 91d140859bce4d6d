/** The columns most kinds have, and what an empty cell shows. Pure. */
import { age } from '../age.ts';
import type { KubeObject } from '../meta.ts';
import type { Column } from './entry.ts';

export const NAME: Column<KubeObject> = { name: 'Name', cell: (object) => object.metadata.name };

export const AGE: Column<KubeObject> = {
  name: 'Age',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

/** What an empty cell shows. */
export const NONE = '<none>';

/** `a=1,b=2`, or `<none>`. */
export function pairs(map: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`);
  return entries.length === 0 ? NONE : entries.join(',');
}

/** `a,b`, or `<none>`. */
export function joined(values: readonly string[] | undefined): string {
  return values === undefined || values.length === 0 ? NONE : values.join(',');
}
