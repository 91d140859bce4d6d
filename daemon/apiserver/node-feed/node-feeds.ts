/**
 * The feeds of all nodes that are connected here. Each change is handed to those whom it concerns, so that a change costs what its
 * readers cost, not what the cluster is large. The API server has one; docs/decisions/0066 says why nodes do not use plain watches.
 */
import type { ChangeFollower, ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ChangeBatch, ObjectChange, RegistryClient } from '../../../reconcilers/ports/object-client.ts';
import { NodeObjects } from './node-objects.ts';
import { NodeView } from './node-view.ts';
import { OpenFeed } from './open-feed.ts';

/** How often a silent feed says how far it is. Agents look for another server when they have not heard for three times as long. */
const MARK_EVERY_MS = 5_000;

export interface NodeFeedsDeps {
  readonly cache: ObjectCache;
  readonly client: Pick<RegistryClient, 'revision'>;
  readonly clock: Clock;
}

export class NodeFeeds implements ChangeFollower {
  readonly #deps: NodeFeedsDeps;
  #objects: NodeObjects | undefined;
  readonly #byNode = new Map<string, Set<OpenFeed>>();
  #cancelMarks: (() => void) | undefined;

  constructor(deps: NodeFeedsDeps) {
    this.#deps = deps;
    deps.cache.follow(this);
  }

  /**
   * Of all that was written before it was asked for, and not older than `notOlderThan`, which the node has seen already. CacheBehind or
   * StoreUnavailable where this server does not know that much.
   */
  async open(node: string, notOlderThan: number): Promise<OpenFeed> {
    const { cache, client } = this.#deps;
    await cache.reached(Math.max(notOlderThan, await client.revision()));
    this.#objects ??= new NodeObjects(cache);
    const feed = new OpenFeed(node, new NodeView(node, this.#objects), () => cache.revision);
    const feeds = this.#byNode.get(node) ?? new Set();
    this.#byNode.set(node, feeds.add(feed));
    this.#cancelMarks ??= this.#markRegularly();
    return feed;
  }

  close(feed: OpenFeed): void {
    const feeds = this.#byNode.get(feed.node);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#byNode.delete(feed.node);
    if (this.#byNode.size > 0) return;
    this.#cancelMarks?.();
    this.#cancelMarks = undefined;
  }

  changed({ changes }: ChangeBatch): void {
    const concerned = new Map<OpenFeed, ObjectChange[]>();
    for (const change of changes) {
      for (const feed of this.#feedsFor(change)) {
        const own = concerned.get(feed);
        if (own === undefined) concerned.set(feed, [change]);
        else own.push(change);
      }
    }
    for (const [feed, own] of concerned) feed.take(own);
  }

  /** What was between is not known: every node begins anew. */
  restarted(revision: number): void {
    for (const feed of this.#all()) feed.end(new SampanError('StoreCompacted', { revision: 0, oldest: revision }));
  }

  *#feedsFor(change: ObjectChange): Iterable<OpenFeed> {
    const nodes = this.#objects?.nodesFor(change) ?? [];
    if (nodes === 'all') yield* this.#all();
    else for (const node of nodes) yield* this.#byNode.get(node) ?? [];
  }

  *#all(): Iterable<OpenFeed> {
    for (const feeds of this.#byNode.values()) yield* feeds;
  }

  /** As long as the store answers: who hears nothing goes to a server that knows more. */
  #markRegularly(): () => void {
    const { client, clock } = this.#deps;
    const mark = () => {
      cancel = clock.setTimer(MARK_EVERY_MS, mark);
      client.revision().then(
        () => {
          for (const feed of this.#all()) feed.mark();
        },
        () => {},
      );
    };
    let cancel = clock.setTimer(MARK_EVERY_MS, mark);
    return () => cancel();
  }
}
