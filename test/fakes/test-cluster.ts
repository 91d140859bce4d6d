/** The registry over a memory store with a clock that stands: what unit tests of loops and of the API server write to. */
import { MemoryStore } from '../../daemon/adapters/memory-store.ts';
import { standardAdmissions } from '../../reconcilers/kit/registry/admission/standard.ts';
import { parseIpv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';
import { Registry } from '../../reconcilers/kit/registry/registry.ts';
import { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';

export interface TestCluster {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  readonly store: MemoryStore;
  readonly registry: Registry;
}

export interface TestClusterOptions {
  /** 10.96.0.0/24 without it. */
  readonly serviceCidr?: string;
  readonly seed?: number;
  /** Pods get a token only where they can use it; here they cannot, without this. */
  readonly isApiReachable?: boolean;
}

/** A registry with the namespace `default`. */
export async function createTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = new FakeClock();
  const random = new SeededRandom(options.seed);
  const store = new MemoryStore(clock);
  const admissions = standardAdmissions(
    {
      serviceRange: parseIpv4Range(options.serviceCidr ?? '10.96.0.0/24'),
      nodePorts: { first: 30_000, last: 32_767 },
      isApiReachable: options.isApiReachable ?? false,
    },
    { store, clock, random },
  );
  const registry = new Registry({ store, clock, random, admissions });
  await registry.create('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
    spec: {},
    status: { phase: 'Active' },
  });
  return { clock, random, store, registry };
}
