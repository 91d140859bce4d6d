/**
 * The Lease by which each of several masters is known to the others, as Kubernetes' API servers are by theirs
 * (https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity). It lives as long as its holder. Pure.
 */
import type { Lease } from './cluster.ts';
import { toTimestamp } from './meta.ts';

const NAMESPACE = 'kube-system';
const LABEL = 'apiserver.kubernetes.io/identity';
/** `10.0.0.1:6443`: where everybody in the cluster reaches it. */
const ANNOTATION = 'sampan.dev/api-server-address';

export interface ApiServerAddress {
  readonly address: string;
  readonly port: number;
}

export function apiServerLease(
  node: string,
  { address, port }: ApiServerAddress,
  { uid, now }: { uid: string; now: number },
): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      namespace: NAMESPACE,
      name: `apiserver-${node}`,
      uid,
      resourceVersion: '',
      creationTimestamp: toTimestamp(now),
      labels: { [LABEL]: 'sampan' },
      annotations: { [ANNOTATION]: `${address}:${port}` },
    },
    spec: { holderIdentity: node },
  };
}

/** Undefined where the Lease is no API server's. */
export function apiServerOf({ metadata }: Lease): ApiServerAddress | undefined {
  const { namespace, labels, annotations } = metadata;
  if (namespace !== NAMESPACE || labels?.[LABEL] === undefined) return undefined;
  const [, address, port] = /^([\d.]+):(\d+)$/.exec(annotations?.[ANNOTATION] ?? '') ?? [];
  return address === undefined ? undefined : { address, port: Number(port) };
}
