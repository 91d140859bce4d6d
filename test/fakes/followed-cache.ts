/** A cache that follows a registry from now on, as the daemon's does: what tests of the API server read through. */
import { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { Registry } from '../../reconcilers/kit/registry/registry.ts';
import { CACHED_KINDS, PASSING_KINDS } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { CollectedLog } from './collected-log.ts';

/** It holds nothing that keeps a process alive, and ends with its store. */
export function followedCache(registry: Registry, clock: Clock): ObjectCache {
  const cache = new ObjectCache(
    CACHED_KINDS,
    { client: registry, clock, log: new CollectedLog() },
    { passing: PASSING_KINDS },
  );
  void cache.run(new AbortController().signal);
  return cache;
}
