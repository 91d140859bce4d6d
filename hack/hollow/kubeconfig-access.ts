/** The first server and user of a kubeconfig as `sampan run` writes it: how hollow nodes, and who measures them, reach the API. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { ApiServers } from '../../daemon/adapters/api-client/api-servers.ts';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

/** Connections of its own with each call. */
export function serversIn(path: string): ApiServers {
  const { clusters, users } = load(readFileSync(path, 'utf8')) as Kubeconfig;
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const decoded = (data: string) => Buffer.from(data, 'base64').toString();
  const identity = {
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  };
  return new ApiServers([cluster.server], () => identity);
}
