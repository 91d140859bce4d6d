/** Bodies that the tests of the API's semantics send: the least that each kind takes. */

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
export const PODS = '/api/v1/namespaces/default/pods';

export const MERGE = 'application/merge-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';

export function configMap(name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
}

export function pod(name: string, labels: Record<string, string> = {}) {
  const containers = [{ name: 'web', image: 'web' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec: { containers } };
}

export function controller(name: string, replicas = 1) {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  const spec = { replicas, selector: { app: name }, template };
  return { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name }, spec };
}
