/** The fields of a pod that it can be told of itself (downward API), and how each reads as a file. Pure. */
import type { Pod } from './pod.ts';

const WHOLE = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
] as const;

/** As messages list them. */
export const DOWNWARD_FIELDS: readonly string[] = WHOLE;

const ONE_OF_A_MAP = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

export function isDownwardField(path: string): boolean {
  return DOWNWARD_FIELDS.includes(path) || ONE_OF_A_MAP.test(path);
}

/** `path` satisfies {@link isDownwardField}; maps have a line `key="value"` each, sorted. Source: pkg/fieldpath/fieldpath.go */
export function downwardField({ metadata }: Pod, path: string): string {
  const [, map, key = ''] = ONE_OF_A_MAP.exec(path) ?? [];
  if (map !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? '';
  switch (path as (typeof WHOLE)[number]) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return lines(metadata.labels ?? {});
    case 'metadata.annotations':
      return lines(metadata.annotations ?? {});
  }
}

function lines(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${goQuoted(map[key] ?? '')}`)
    .join('\n');
}

/** Go's %q, for text without control characters but line breaks and tabs. */
function goQuoted(text: string): string {
  return JSON.stringify(text);
}
