/**
 * manifest-sync: makes the stored objects what each configured source declares, and keeps them so. The only loop that reads
 * manifests. This file wires it; keys are the names of Source objects.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { AnyObject } from '../objects/kinds.ts';
import { keyOf } from '../objects/meta.ts';
import { ANNOTATION_SOURCE, type OnInvalid } from '../objects/source.ts';
import type { Clock } from '../ports/clock.ts';
import { SampanError } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ManifestSource, SnapshotArchive } from '../ports/manifest-source.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { Action } from './actions.ts';
import { executors } from './execute.ts';
import { type DesiredSource, nameOf, type ObjectIdentity, type Observed } from './observation.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import { SourceReader } from './source-reader.ts';

export interface ConfiguredSource {
  readonly source: ManifestSource;
  readonly onInvalid: OnInvalid;
  /** 0 to 1. */
  readonly pruneLimit: number;
}

export interface ManifestSyncDeps {
  readonly sources: readonly ConfiguredSource[];
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly archive: SnapshotArchive;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws Usage where two sources have one name: they would undo each other's work. */
export function createManifestSyncLoop(deps: ManifestSyncDeps): Loop<DesiredSource, Observed, Action> {
  const { client, cache, events, log } = deps;
  refuseTwins(deps.sources);
  const desired = new Map(deps.sources.map((configured) => [configured.source.name, toDesired(configured)]));
  const sources = deps.sources.map(({ source }) => source);
  const reader = new SourceReader(sources, deps);
  const concerned = new Map<string, ReadonlySet<string>>();
  const concerns = (source: string, objects: readonly ObjectIdentity[]) => {
    concerned.set(source, new Set(objects.map(nameOf)));
  };
  let lookAt: (source: string, supersedes: boolean) => void = () => {};
  const enqueue = (source: string) => lookAt(source, false);
  const execute = executors({ client, cache, events, log, reader, enqueue });

  return {
    reconciler: {
      name: 'manifest-sync',
      observe: (key, signal) => observe({ cache, reader, sources: desired, concerns }, key, signal),
      plan,
      execute: (action, signal) => executeWith(execute, action, signal),
    },

    allKeys: () => [...desired.keys()].map(toKey),

    *keysFor(change) {
      if (!isOfInterest(change)) return;
      const name = nameOf({ kind: change.kind, key: keyOf(change.object) });
      for (const source of desired.keys()) {
        const isItself = change.kind === 'Source' && change.object.metadata.name === source;
        const isOwned = change.object.metadata.annotations?.[ANNOTATION_SOURCE] === source;
        if (isItself || isOwned || concerned.get(source)?.has(name)) yield { key: toKey(source) };
      }
    },

    async watchOutside(queue, signal) {
      lookAt = (source, supersedes) => queue({ key: toKey(source), supersedes });
      await Promise.all(
        sources.map(async (source) => {
          for await (const _ of source.changes(signal)) {
            reader.changed(source.name);
            lookAt(source.name, true);
          }
        }),
      );
    },
  };
}

function toDesired({ source, onInvalid, pruneLimit }: ConfiguredSource): DesiredSource {
  const { name, type, location } = source;
  return { name, type, location, onInvalid, pruneLimit };
}

function refuseTwins(sources: readonly ConfiguredSource[]): void {
  for (const [name, twins] of Map.groupBy(sources, ({ source }) => source.name)) {
    if (twins.length === 1) continue;
    const places = twins.map(({ source }) => source.location).join(' and ');
    const detail = `${places} are one source, ${name}: give each place once, on one branch`;
    throw new SampanError('Usage', { detail });
  }
}

function toKey(name: string): { namespace: string; name: string } {
  return { namespace: '', name };
}

/** Status is written all the time and is nobody's declaration. */
function isOfInterest({ type, object, previous }: ObjectChange): boolean {
  if (type !== 'MODIFIED' || previous === undefined) return true;
  return !equalJson(withoutStatus(object), withoutStatus(previous));
}

function withoutStatus(object: AnyObject): Json {
  const { status: _status, metadata, ...rest } = object as AnyObject & { status?: unknown };
  const { resourceVersion: _revision, ...declared } = metadata;
  return { ...rest, metadata: declared } as unknown as Json;
}
