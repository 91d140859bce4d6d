/**
 * Watching a prefix in etcd: one stream per watch, its responses put together into whole revisions. EtcdStore.watch is this;
 * it never reconnects by itself, because only the caller knows the last revision that it has dealt with.
 */
import type { IEvent, IWatchResponse } from 'etcd3';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { StoreEvents } from '../../../reconcilers/ports/store.ts';
import type { EtcdClient } from './client.ts';
import { rangeOf, toBatches } from './wire.ts';

/** Yields what was written below `prefix` after revision `after`. Throws StoreCompacted, StoreUnavailable. */
export async function* watchEtcd(
  client: EtcdClient,
  prefix: string,
  { after, signal }: { after: number; signal: AbortSignal },
): AsyncGenerator<StoreEvents, void> {
  const startRevision = await startOf(client, after);
  if (signal.aborted) return;
  const stream = await client.watches.watch().catch((error) => {
    throw client.translate(error);
  });
  const cancel = () => {
    // Ended before it is cancelled, or etcd3 takes the cancellation for a failed host and closes its other channels.
    stream.end();
    stream.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const range = rangeOf(prefix);
    stream.write({ create_request: { ...range, start_revision: startRevision, prev_kv: true, fragment: true } });
    let events: IEvent[] = [];
    // grpc-js' stream is a Readable (etcd3's type leaves that out); read like this, a slow reader slows down etcd.
    for await (const response of stream as unknown as AsyncIterable<IWatchResponse>) {
      if (response.canceled) throw cancellation(response, after);
      const { batches, rest } = toBatches([...events, ...response.events], response.fragment);
      events = rest;
      for (const batch of batches) {
        if (signal.aborted) return;
        if (batch.revision > after) yield batch;
      }
    }
    throw new Error('the watch stream ended');
  } catch (error) {
    if (!signal.aborted) throw client.translate(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/**
 * Where to start. A watch that has to catch up asks for `after` itself once more: asked for the revision it was compacted to, etcd
 * answers, but has forgotten the deletions made at it (etcd-io/etcd#18089); asked for an older one, it refuses as it should.
 */
async function startOf(client: EtcdClient, after: number): Promise<number> {
  const { header } = await client.repeatable((options) =>
    client.kv.range({ key: Buffer.from('/'), count_only: true }, options),
  );
  const newest = Number(header.revision);
  // An older state of this store was put back: what the caller knows is not its past.
  if (after > newest) throw new SampanError('StoreCompacted', { revision: after, oldest: newest });
  return newest === after || after === 0 ? after + 1 : after;
}

function cancellation(response: IWatchResponse, after: number): Error {
  const oldest = Number(response.compact_revision);
  return oldest > 0
    ? new SampanError('StoreCompacted', { revision: after, oldest })
    : new Error(`the watch was cancelled: ${response.cancel_reason}`);
}
