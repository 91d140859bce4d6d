/** The HTTP server that tests and benchmarks send requests to: what declares it, and where it is reached. */
import type { Target } from '../../../hack/bench/requests.ts';
import { type ControlledService, manifestsOf } from './controlled-service.ts';
import { eventually } from './eventually.ts';
import type { Sampan } from './sampan.ts';

export type Web = Pick<
  ControlledService,
  'name' | 'replicas' | 'version' | 'clusterIP' | 'nodePort' | 'args' | 'isProbed'
>;

const PORT = 80;

export function webManifest(web: Web): string {
  return manifestsOf({ image: 'sampan/bench-http:1', port: PORT, targetPort: 8080, ...web });
}

/** Where the Service is, if its address was declared. */
export function webTarget({ clusterIP }: Web & { readonly clusterIP: string }): Target {
  return { ip: clusterIP, port: PORT };
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
      return { ip: spec.clusterIP, port: PORT };
    },
    { describe: `${replicas} replicas of ${name} to be ready`, timeoutMs },
  );
}
