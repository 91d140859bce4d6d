/**
 * What a request of a node's server wants, read from its path: the kubelet's own, and `/connect`. Pure.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/server/server.go
 */
import type { ObjectKey } from '../../reconcilers/objects/meta.ts';
import { portOf } from './port-forward/spdy.ts';

export type NodeRequest =
  | { readonly action: 'healthz' | 'pods' | 'summary' }
  | ({ readonly action: 'containerLogs' } & ContainerRequest)
  | ({ readonly action: 'exec' | 'attach' } & ContainerRequest)
  | ({ readonly action: 'portForward' } & PodRequest)
  | { readonly action: 'connect'; readonly pod: ObjectKey; readonly port: number };

export interface PodRequest {
  readonly pod: ObjectKey;
  readonly query: URLSearchParams;
}

export interface ContainerRequest extends PodRequest {
  readonly container: string;
}

/** Undefined where there is nothing at this path. */
export function parseNodeRequest(location: string): NodeRequest | undefined {
  const url = URL.parse(location, 'http://node');
  const segments = url && segmentsOf(url.pathname);
  if (!url || !segments) return undefined;
  const [action = '', namespace = '', name = '', last = '', ...more] = segments;
  const path = segments.join('/');
  if (path === 'healthz' || path === 'pods') return { action: path };
  if (path === 'stats/summary') return { action: 'summary' };
  if (name === '' || more.length > 0) return undefined;
  const pod = { namespace, name };
  switch (action) {
    case 'containerLogs':
    case 'exec':
    case 'attach':
      return last === '' ? undefined : { action, pod, container: last, query: url.searchParams };
    case 'portForward':
      return last === '' ? { action, pod, query: url.searchParams } : undefined;
    case 'connect': {
      const port = portOf(last);
      return port === undefined ? undefined : { action, pod, port };
    }
    default:
      return undefined;
  }
}

/** Undefined where the path is not well escaped. */
function segmentsOf(path: string): string[] | undefined {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
