/** What the masters are given to do: ReplicationControllers of a hundred pods, ten in a namespace, one of the ten behind a Service. */
import type { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';

const PODS_EACH = 100;
const CONTROLLERS_EACH = 10;
export const IMAGE = 'app:1';

/** Where the pods of the first controllers are. */
export const FIRST_NAMESPACE = namespaceOf(0);

/** Declares the controllers of pods `from` to `to`, hundreds both. */
export async function declarePods(api: ApiServers, from: number, to: number): Promise<void> {
  for (let pods = from; pods < to; pods += PODS_EACH) {
    const index = pods / PODS_EACH;
    const namespace = namespaceOf(index);
    const name = `web-${index}`;
    if (index % CONTROLLERS_EACH === 0) {
      await create(api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await create(api, `/api/v1/namespaces/${namespace}/services`, serviceFor(name));
    }
    await create(api, `/api/v1/namespaces/${namespace}/replicationcontrollers`, controllerNamed(name));
  }
}

function namespaceOf(index: number): string {
  return `scale-${Math.floor(index / CONTROLLERS_EACH)}`;
}

function serviceFor(name: string) {
  const spec = { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

function controllerNamed(name: string) {
  const resources = { requests: { cpu: '10m', memory: '16Mi' } };
  const containers = [{ name: 'app', image: IMAGE, ports: [{ containerPort: 8080 }], resources }];
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name },
    spec: {
      replicas: PODS_EACH,
      selector: { app: name },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  };
}

async function create(api: ApiServers, path: string, body: unknown): Promise<void> {
  try {
    await api.json({ method: 'POST', path, body });
  } catch (error) {
    if (!isSampanError(error, 'AlreadyExists')) throw error;
  }
}
