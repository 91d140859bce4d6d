/**
 * The fields of a pod that it can be told of itself (downward API), as files and as variables, and how each reads. Pure.
 * Sources: pkg/fieldpath/fieldpath.go, pkg/apis/core/validation/validation.go
 */
import type { Pod } from './pod.ts';

const WHOLE = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
] as const;

const OF_THE_NODE = [
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
] as const;

/** In files, as messages list them. */
export const DOWNWARD_FIELDS: readonly string[] = WHOLE;

/** In variables. */
export const ENV_FIELDS: readonly string[] = ['metadata.name', 'metadata.namespace', 'metadata.uid', ...OF_THE_NODE];

const ONE_OF_A_MAP = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** Where the pod runs; known before its containers are. */
export interface PodAddresses {
  readonly hostIP: string;
  readonly podIP: string;
}

export function isDownwardField(path: string): boolean {
  return DOWNWARD_FIELDS.includes(path) || ONE_OF_A_MAP.test(path);
}

export function isEnvField(path: string): boolean {
  return ENV_FIELDS.includes(path) || ONE_OF_A_MAP.test(path);
}

/** `path` satisfies {@link isDownwardField}; maps have a line `key="value"` each, sorted. */
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

/** `path` satisfies {@link isEnvField}. */
export function envField(pod: Pod, path: string, { hostIP, podIP }: PodAddresses): string {
  switch (path as (typeof OF_THE_NODE)[number]) {
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP;
    case 'status.podIP':
    case 'status.podIPs':
      return podIP;
    default:
      return downwardField(pod, path);
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
