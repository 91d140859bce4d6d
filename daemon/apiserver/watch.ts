/**
 * A watch: one JSON line per event, from a resourceVersion on, until the client goes or its timeout is over. An object that leaves
 * the selection is DELETED to its watcher, one that enters it ADDED.
 */
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { isAbort } from '../../reconcilers/ports/errors.ts';
import type { ObjectChange } from '../../reconcilers/ports/object-client.ts';
import { statusOf } from '../serving/status.ts';
import type { FeedBatch } from './change-feed.ts';
import type { Exchange } from './exchange.ts';
import { scopeOf } from './read.ts';
import { type Encoded, eventLine, type Representation, streamRepresentationOf } from './representation.ts';
import type { ResourceRequest } from './request-info.ts';
import type { Selection } from './selection.ts';
import { sendPart } from './send.ts';
import type { ObjectServices } from './services.ts';
import { watchOptionsOf } from './watch-options.ts';
import type { View } from './write/view.ts';

const BOOKMARK_EVERY_MS = 60_000;
const WRITE_BYTES = 64 * 1024;
const SHARED_CHANGES = 100;
const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

export async function serveWatch(
  { request, response, signal }: Exchange,
  asked: ResourceRequest,
  view: View,
  { lists, feed, clock }: ObjectServices,
): Promise<void> {
  const { info, query } = asked;
  const scope = scopeOf(asked);
  const options = watchOptionsOf(query);
  const as = streamRepresentationOf(view, request.headers.accept, query.get('includeObject'), () => clock.now());
  // What there is, or only where it stands: a watch without a version begins with now.
  const start = options.after === 0 || options.initial;
  const notOlderThan = options.after === 0 ? 'newest' : options.after;
  const listed = start ? await lists.list(scope, { limit: 0, notOlderThan }) : undefined;

  response.writeHead(200, { 'content-type': streamType(as), 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  const { timeoutMs } = options;
  const cancelTimeout = timeoutMs === undefined ? () => {} : clock.setTimer(timeoutMs, () => stop.abort());
  let seen = listed?.revision ?? options.after;
  const bookmark = (annotations?: object) => {
    const metadata = { resourceVersion: String(seen), creationTimestamp: null, ...(annotations && { annotations }) };
    return eventLine('BOOKMARK', as.bookmark(metadata));
  };
  const cancelBookmarks = options.bookmarks
    ? every(BOOKMARK_EVERY_MS, clock, () => response.write(bookmark()))
    : () => {};
  try {
    const initial = options.initial ? (listed?.items ?? []) : [];
    for (const part of joined(initial.values().map((object) => as.event('ADDED', object)))) {
      await sendPart(response, part, ends);
    }
    if (options.marksInitialEnd) await sendPart(response, bookmark(INITIAL_END), ends);
    const told = sameFor(asked, as);
    for await (const batch of feed.after(info.kind, seen, ends)) {
      for (const part of partsOf(batch, told, scope.selected, as)) await sendPart(response, part, ends);
      seen = batch.revision;
    }
    if (options.bookmarks && !signal.aborted) await sendPart(response, bookmark(), signal);
  } catch (error) {
    if (!isAbort(error)) response.write(eventLine('ERROR', JSON.stringify(statusOf(error))));
  } finally {
    cancelTimeout();
    cancelBookmarks();
    response.end();
  }
}

/** What was made of a batch, by who it is for: of a hundred watchers that ask for the same, the first makes it. */
const PARTS = new WeakMap<FeedBatch, Map<string, readonly Buffer[]>>();

function partsOf(batch: FeedBatch, told: string, selected: Selection, as: Representation): Iterable<Buffer> {
  const known = PARTS.get(batch)?.get(told);
  if (known !== undefined) return known;
  const made = joined(batch.changes.values().map(({ change }) => eventFor(change, selected, as)));
  // Who is far behind is alone there, and is not to make more than it reads.
  if (batch.changes.length > SHARED_CHANGES) return made;
  const parts = [...made];
  PARTS.set(batch, (PARTS.get(batch) ?? new Map<string, readonly Buffer[]>()).set(told, parts));
  return parts;
}

/** All that makes a difference to what a watcher is told of a change. */
function sameFor({ info, namespace, query }: ResourceRequest, { contentType }: Representation): string {
  const asked = ['labelSelector', 'fieldSelector', 'includeObject'].map((name) => query.get(name));
  return JSON.stringify([contentType, info.apiVersion, namespace, ...asked]);
}

/** `application/json;stream=watch`, as Kubernetes says it. */
function streamType({ contentType }: Representation): string {
  return contentType === 'application/json' ? contentType : `${contentType};stream=watch`;
}

function eventFor(change: ObjectChange, selected: Selection, as: Representation): Encoded | undefined {
  const was = change.previous !== undefined && selected(change.previous);
  const is = change.type !== 'DELETED' && selected(change.object);
  if (is) return as.event(was ? 'MODIFIED' : 'ADDED', change.object);
  if (!was) return undefined;
  if (change.type === 'DELETED') return as.event('DELETED', change.object);
  // What the watcher sees last is the object as it knew it, with the revision of its going.
  const { resourceVersion } = change.object.metadata;
  const last = { ...change.previous, metadata: { ...change.previous?.metadata, resourceVersion } } as AnyObject;
  return as.event('DELETED', last);
}

function every(ms: number, clock: Clock, action: () => void): () => void {
  let cancel = clock.setTimer(ms, function again() {
    action();
    cancel = clock.setTimer(ms, again);
  });
  return () => cancel();
}

/** Events that come together go out together: a write, and a TLS record, costs more than what most of them say. */
function* joined(events: Iterable<Encoded | undefined>): Generator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for (const event of events) {
    if (event === undefined) continue;
    const part = typeof event === 'string' ? Buffer.from(event) : event;
    parts.push(part);
    length += part.length;
    if (length < WRITE_BYTES) continue;
    yield Buffer.concat(parts, length);
    parts = [];
    length = 0;
  }
  const [only, ...others] = parts;
  if (only !== undefined) yield others.length === 0 ? only : Buffer.concat(parts, length);
}
