/**
 * A watch: one JSON line per event, from a resourceVersion on, until the client goes or its timeout is over. An object that leaves
 * the selection is DELETED to its watcher, one that enters it ADDED.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { isAbort, SampanError } from '../../reconcilers/ports/errors.ts';
import type { ObjectChange, ObjectClient } from '../../reconcilers/ports/object-client.ts';
import type { Exchange } from './exchange.ts';
import { type Representation, representationOf } from './representation.ts';
import type { ResourceRequest } from './request-info.ts';
import { type Selection, selectionOf } from './selection.ts';
import { statusOf } from './status.ts';

const BOOKMARK_EVERY_MS = 60_000;

export async function serveWatch(
  { request, response, signal }: Exchange,
  asked: ResourceRequest,
  deps: { client: ObjectClient; clock: Clock },
): Promise<void> {
  const { info, namespace, query } = asked;
  const { client, clock } = deps;
  const selected = selectionOf(asked);
  const as = representationOf(info, request.headers.accept ?? '', query.get('includeObject'), () => clock.now());
  const after = startOf(query.get('resourceVersion'));
  const initial = after === 0 ? await client.list(info.kind, namespace === '' ? {} : { namespace }) : undefined;

  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const stop = new AbortController();
  const cancelTimeout = stopAfter(query.get('timeoutSeconds'), stop, clock);
  const ends = AbortSignal.any([signal, stop.signal]);
  let seen = initial?.revision ?? after;
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const bookmark = () => ({
    type: 'BOOKMARK',
    object: { kind: info.kind, apiVersion: info.apiVersion, metadata: { resourceVersion: String(seen) } },
  });
  const cancelBookmarks = bookmarks
    ? every(BOOKMARK_EVERY_MS, clock, () => response.write(line(bookmark())))
    : () => {};
  try {
    for (const object of (initial?.items ?? []) as AnyObject[]) {
      if (selected(object)) await send(response, { type: 'ADDED', object: as.one(object) }, ends);
    }
    for await (const batch of client.watch([info.kind], { after: seen, signal: ends })) {
      for (const change of batch.changes) {
        const event = eventFor(change, selected, as);
        if (event !== undefined) await send(response, event, ends);
      }
      seen = batch.revision;
    }
    if (bookmarks && !signal.aborted) await send(response, bookmark(), signal);
  } catch (error) {
    if (!isAbort(error)) response.write(line({ type: 'ERROR', object: statusOf(error) }));
  } finally {
    cancelTimeout();
    cancelBookmarks();
    response.end();
  }
}

function eventFor(change: ObjectChange, selected: Selection, as: Representation): unknown {
  const was = change.previous !== undefined && selected(change.previous);
  const is = change.type !== 'DELETED' && selected(change.object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: as.one(change.object) };
  if (!was) return undefined;
  // What the watcher sees last is the object as it knew it, with the revision of its going.
  const { resourceVersion } = change.object.metadata;
  const last = { ...change.previous, metadata: { ...change.previous.metadata, resourceVersion } } as AnyObject;
  return { type: 'DELETED', object: as.one(last) };
}

function startOf(resourceVersion: string | null): number {
  if (resourceVersion === null || resourceVersion === '') return 0;
  if (!/^\d+$/.test(resourceVersion)) {
    throw new SampanError('BadRequest', {
      detail: `resourceVersion: Invalid value: "${resourceVersion}": must be a number`,
    });
  }
  return Number(resourceVersion);
}

function stopAfter(seconds: string | null, stop: AbortController, clock: Clock): () => void {
  return /^\d+$/.test(seconds ?? '') ? clock.setTimer(Number(seconds) * 1000, () => stop.abort()) : () => {};
}

function every(ms: number, clock: Clock, action: () => void): () => void {
  let cancel = clock.setTimer(ms, function again() {
    action();
    cancel = clock.setTimer(ms, again);
  });
  return () => cancel();
}

async function send(response: ServerResponse, event: unknown, signal: AbortSignal): Promise<void> {
  if (!response.write(line(event))) await once(response, 'drain', { signal });
}

function line(event: unknown): string {
  return `${JSON.stringify(event)}\n`;
}
