/** A cache that holds just these objects, at revision 7; objects need no more than the test reads of them. */
import { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { Kind } from '../../reconcilers/objects/kinds.ts';
import type { KubeObject } from '../../reconcilers/objects/meta.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import { CollectedLog } from './collected-log.ts';
import { FakeClock, settle } from './fake-clock.ts';

export async function fixedCache(kinds: readonly Kind[], objects: readonly KubeObject[]): Promise<ObjectCache> {
  const versioned = objects.map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: '7' } }));
  const client = {
    list: async (kind: Kind) => ({ items: versioned.filter((object) => object.kind === kind), revision: 7 }),
    watch: async function* () {
      await new Promise(() => undefined);
      yield* [];
    },
  } as unknown as ObjectClient;
  const cache = new ObjectCache(kinds, { client, clock: new FakeClock(), log: new CollectedLog() });
  void cache.run(new AbortController().signal);
  while (cache.revision === 0) await settle();
  return cache;
}
