/** What every namespace has for its pods: the account they are by default, and the authority they trust the API server by. Pure. */
import type { ConfigMap } from '../objects/kinds/config-map.ts';
import { DEFAULT_SERVICE_ACCOUNT, ROOT_CERTIFICATE } from '../objects/kinds/service-account.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';

const DESCRIPTION = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
} as const;

export function accountIn(namespace: string): ObjectKey {
  return { namespace, name: DEFAULT_SERVICE_ACCOUNT };
}

export function authorityIn(namespace: string): ObjectKey {
  return { namespace, name: ROOT_CERTIFICATE.configMap };
}

/** `authority`: PEM. */
export function authorityMap(namespace: string, authority: string): Draft<ConfigMap> {
  const metadata = { ...authorityIn(namespace), annotations: { ...DESCRIPTION } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: dataOf(authority) };
}

/** Other metadata is other people's. */
export function corrected(map: ConfigMap, authority: string): ConfigMap {
  return { ...map, data: dataOf(authority) };
}

export function saysAuthority({ data = {} }: Pick<ConfigMap, 'data'>, authority: string): boolean {
  return Object.keys(data).length === 1 && data[ROOT_CERTIFICATE.key] === authority;
}

function dataOf(authority: string): Record<string, string> {
  return { [ROOT_CERTIFICATE.key]: authority };
}
