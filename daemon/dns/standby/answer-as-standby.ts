/**
 * `sampan dns-standby`: answers names on the sockets of a daemon that is gone, from what it knew last, until another daemon answers or the
 * folder is removed. dns-standby.ts has it started; nobody calls it by hand.
 */
import { type CacheSource, ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import type { ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { DnsServer } from '../dns-server.ts';
import { NAMED_KINDS } from '../zone/cluster-objects.ts';
import { INHERITED } from './dns-standby.ts';
import { StandbyFolder, type StandbyRecords } from './standby-folder.ts';

/** The kernel deals questions out to both until the standby's sockets are closed: what it has been dealt, it answers. */
const LAST_QUESTIONS_MS = 250;

export interface StandbyConfig {
  readonly folder: string;
  readonly id: string;
}

export async function answerAsStandby(
  { folder: path, id }: StandbyConfig,
  deps: { clock: Clock; log: Log },
): Promise<void> {
  const folder = new StandbyFolder(path);
  const records = folder.read();
  const ended = new AbortController();
  const cache = new ObjectCache(NAMED_KINDS, { client: clientOf(records), ...deps });
  const following = cache.run(ended.signal);
  await cache.reached(records.revision);
  const ranges = records.ranges.map(parseIpv4Range);
  const server = new DnsServer({ ...records, ranges }, { ...deps, cache });
  await server.adopt(INHERITED);
  deps.log.info('names are answered as the daemon knew them, until it is back', { revision: records.revision });
  await folder.superseded(id);
  await new Promise<void>((resolve) => setTimeout(resolve, LAST_QUESTIONS_MS));
  await server.close();
  ended.abort();
  await following;
  deps.log.info('another daemon answers');
}

/** Records do not change. */
function clientOf({ objects, revision }: StandbyRecords): CacheSource {
  return {
    list: async (kind) => ({
      items: (objects[kind as keyof typeof objects] ?? []) as ObjectOf<typeof kind>[],
      revision,
    }),
    async *watch(_kinds, { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      yield* [];
    },
  };
}
