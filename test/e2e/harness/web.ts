/** The HTTP server that tests send a steady load of requests to: what declares it, and where it is reached. */
import type { Target } from '../../../hack/bench/requests.ts';
import { eventually } from './eventually.ts';
import type { Sampan } from './sampan.ts';

export interface Web {
  readonly name: string;
  readonly replicas: number;
  /** Written into each container's environment: another value is another template. */
  readonly version?: string;
}

export function webManifest({ name, replicas, version = '1' }: Web): string {
  return `apiVersion: v1
kind: ReplicationController
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { name: ${name} }
  template:
    metadata: { labels: { name: ${name} } }
    spec:
      containers:
        - name: app
          image: sampan/bench-http:1
          env: [{ name: VERSION, value: "${version}" }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { name: ${name} }
  ports: [{ port: 80, targetPort: 8080 }]
`;
}

/** Resolves to the Service's address when all replicas, and no others, are ready behind it. */
export async function untilReady(sampan: Sampan, { name, replicas }: Web, timeoutMs = 20_000): Promise<Target> {
  const namespace = '/api/v1/namespaces/default';
  return eventually(
    async () => {
      const { status } = await sampan.api.get(`${namespace}/replicationcontrollers/${name}`);
      const { subsets = [] } = await sampan.api.get(`${namespace}/endpoints/${name}`);
      const addresses = subsets.flatMap((subset: { addresses?: unknown[] }) => subset.addresses ?? []);
      if (status.replicas !== replicas || status.readyReplicas !== replicas || addresses.length !== replicas) return;
      const { spec } = await sampan.api.get(`${namespace}/services/${name}`);
      return { ip: spec.clusterIP, port: 80 };
    },
    { describe: `${replicas} replicas of ${name} to be ready`, timeoutMs },
  );
}
