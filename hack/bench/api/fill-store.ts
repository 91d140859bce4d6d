/** Makes a store file with a namespace, its ServiceAccount, a node and so many pods in it, as the daemon would have left it. */
import { SqliteStore } from '../../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import { Registry } from '../../../reconcilers/kit/registry/registry.ts';
import { NODE, podName, podNamed } from './pods.ts';

const AT_ONCE = 200;

export async function fillStore(path: string, pods: number): Promise<void> {
  const store = new SqliteStore(path, systemClock);
  const registry = new Registry({ store, clock: systemClock, random: systemRandom, admissions: [] });
  const create = (kind: 'Namespace' | 'ServiceAccount' | 'Node' | 'Pod', object: object) =>
    registry.create(kind, { apiVersion: 'v1', kind, ...object } as never);
  await create('Namespace', { metadata: { name: 'default' } });
  await create('ServiceAccount', { metadata: { name: 'default', namespace: 'default' } });
  await create('Node', { metadata: { name: NODE } });
  for (let from = 0; from < pods; from += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, pods - from) }, (_, i) => from + i);
    await Promise.all(indexes.map((index) => create('Pod', podNamed(podName(index)))));
  }
  await store.close();
}
