/**
 * Where on a pod's node the answer to a subresource of pods is: the kubelet's path and its parameters. Pure.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/strategy.go (LogLocation, streamParams)
 */
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import { isFlagSet } from '../../serving/query-flag.ts';

/** The API server's flags, and what the kubelet calls them. */
const STREAMS = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;

export function logLocation(pod: ObjectKey, container: string, query: URLSearchParams): string {
  const params = new URLSearchParams(query);
  params.delete('container');
  return withQuery(pathOf('containerLogs', pod, container), params);
}

export function commandLocation(
  action: 'exec' | 'attach',
  pod: ObjectKey,
  container: string,
  query: URLSearchParams,
): string {
  const params = new URLSearchParams();
  for (const [asked, name] of Object.entries(STREAMS)) if (isFlagSet(query, asked)) params.set(name, '1');
  if (action === 'exec') for (const word of query.getAll('command')) params.append('command', word);
  return withQuery(pathOf(action, pod, container), params);
}

export function portForwardLocation(pod: ObjectKey, query: URLSearchParams): string {
  const params = new URLSearchParams(query.getAll('ports').map((port) => ['port', port]));
  return withQuery(pathOf('portForward', pod), params);
}

export function connectLocation(pod: ObjectKey, port: number): string {
  return pathOf('connect', pod, String(port));
}

function pathOf(action: string, { namespace, name }: ObjectKey, ...more: readonly string[]): string {
  return `/${[action, namespace, name, ...more].map(encodeURIComponent).join('/')}`;
}

function withQuery(path: string, params: URLSearchParams): string {
  return params.size === 0 ? path : `${path}?${params.toString()}`;
}
