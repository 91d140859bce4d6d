/** Reads what manifest-sync plans from: the source, and from the cache all objects that the source has to do with. */

import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { JsonObject } from '../objects/json.ts';
import type { Kind } from '../objects/kinds.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { serviceClaims } from './cluster-problems.ts';
import { entryIdentity } from './inventory.ts';
import { type DesiredSource, nameOf, type ObjectIdentity, type Observed, type Reading } from './observation.ts';
import type { SourceReader } from './source-reader.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly reader: SourceReader;
  readonly sources: ReadonlyMap<string, DesiredSource>;
  /** Told which objects a source has to do with, so that their changes cause a look at it. */
  readonly concerns: (source: string, objects: readonly ObjectIdentity[]) => void;
}

const NOT_CONFIGURED: Reading = { reachable: false, message: 'it is not configured' };

export async function observe(
  { cache, reader, sources, concerns }: ObserveDeps,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<Observation<DesiredSource, Observed>> {
  const desired = sources.get(key.name);
  const reading = desired === undefined ? NOT_CONFIGURED : await reader.read(key.name, signal);
  const applied = cache.get('Source', key)?.status.appliedRevision;
  const lastGood = desired && (await reader.lastGood(key.name, applied));

  // From here on nothing waits: all that is read of the cache is as of one revision.
  const source = cache.get('Source', key);
  const identities = new Map<string, ObjectIdentity>();
  const inventory = (source?.status.inventory ?? []).map(entryIdentity);
  const declared = [...(reading.reachable ? reading.documents : []), ...(lastGood?.documents ?? [])];
  for (const { kind, key: objectKey } of [...inventory, ...declared]) {
    identities.set(nameOf({ kind, key: objectKey }), { kind, key: objectKey });
  }
  const concerned = [...identities.values()];
  concerns(key.name, concerned);
  const isTerminating = (namespace: { metadata: { deletionTimestamp?: string } }) =>
    namespace.metadata.deletionTimestamp !== undefined;
  const namespaces = Map.groupBy(cache.list('Namespace'), isTerminating);
  const done = desired && reading.reachable ? reader.done(key.name, reading.revision) : undefined;
  const observed: Observed = {
    ...(source !== undefined && { source }),
    reading,
    ...(lastGood !== undefined && { lastGood }),
    live: concerned.flatMap((identity) => cache.get(identity.kind as Kind, identity.key) ?? []),
    namespaces: (namespaces.get(false) ?? []).map(({ metadata }) => metadata.name),
    terminatingNamespaces: (namespaces.get(true) ?? []).map(({ metadata }) => metadata.name),
    sources: cache.list('Source').map(({ metadata }) => metadata.name),
    claims: cache.list('Service').map(({ metadata, spec }) => ({
      key: { namespace: metadata.namespace ?? '', name: metadata.name },
      claims: serviceClaims(spec as unknown as JsonObject),
    })),
    rejections: desired === undefined ? [] : reader.rejections(key.name),
    ...(done !== undefined && { done }),
  };
  return { desired, observed };
}
