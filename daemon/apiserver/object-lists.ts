/**
 * Lists: from the object cache wherever it is new enough, page by page from the store's history where a client goes on with an
 * earlier list. Called by the read and watch handlers.
 */
import type { ReadOnlyCache } from '../../reconcilers/kit/object-cache.ts';
import { type AnyObject, KINDS, type Kind } from '../../reconcilers/objects/kinds.ts';
import { keyOf } from '../../reconcilers/objects/meta.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { isSampanError, SampanError } from '../../reconcilers/ports/errors.ts';
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import { continueToken, type ListOptions, type Place } from './list-options.ts';
import type { Selection } from './selection.ts';

/** For how long the cache may lag behind before the store itself is asked, and how long a client's own version is waited for. */
const PATIENCE_MS = { newest: 200, given: 3_000 };
/** What is read at once where a selection is looked for in the history. */
const PAGE = 500;

export interface ListedObjects {
  readonly items: readonly AnyObject[];
  readonly revision: number;
  readonly continue?: string;
  /** How many follow; not told where a selector would have to count them. */
  readonly remaining?: number;
}

export interface ListScope {
  readonly kind: Kind;
  /** '' for all. */
  readonly namespace: string;
  readonly selected: Selection;
  /** Whether `selected` leaves any out. */
  readonly selective: boolean;
}

export interface ObjectListsDeps {
  readonly client: RegistryClient;
  readonly cache: ReadOnlyCache;
  readonly clock: Clock;
}

export class ObjectLists {
  readonly #deps: ObjectListsDeps;

  constructor(deps: ObjectListsDeps) {
    this.#deps = deps;
  }

  async list(scope: ListScope, options: ListOptions): Promise<ListedObjects> {
    const { continues, exactly, limit } = options;
    if (continues !== undefined) return this.#goOn(scope, continues, limit);
    if (exactly !== undefined) return this.#asOf(exactly, scope, limit);
    const { items, revision } = await this.#current(scope, options);
    const selected = items.filter(scope.selected).sort(byKey);
    if (limit === 0 || selected.length <= limit) return { items: selected, revision };
    const page = selected.slice(0, limit);
    const remaining = scope.selective ? undefined : selected.length - limit;
    return cutAt({ revision, after: keyOf(page.at(-1) as AnyObject), remaining }, page);
  }

  /** Everything in the namespace, as new as is asked for. */
  async #current(
    { kind, namespace }: ListScope,
    { notOlderThan }: ListOptions,
  ): Promise<{ items: AnyObject[]; revision: number }> {
    const { client, cache } = this.#deps;
    const within = namespace === '' ? {} : { namespace };
    if (KINDS[kind].cached) {
      const wanted = notOlderThan === 'newest' ? await client.revision() : notOlderThan;
      const patience = notOlderThan === 'newest' ? PATIENCE_MS.newest : PATIENCE_MS.given;
      if (await this.#cacheReaches(wanted, patience)) {
        return { items: cache.list(kind, within.namespace), revision: cache.revision };
      }
      if (notOlderThan !== 'newest') throw tooLarge(notOlderThan, cache.revision);
    }
    return client.list(kind, within);
  }

  async #cacheReaches(revision: number, patienceMs: number): Promise<boolean> {
    const { cache, clock } = this.#deps;
    if (cache.revision > 0 && cache.revision >= revision) return true;
    return new Promise((resolve) => {
      const cancel = clock.setTimer(patienceMs, () => resolve(false));
      cache.reached(Math.max(revision, 1)).then(
        () => {
          cancel();
          resolve(true);
        },
        () => resolve(false),
      );
    });
  }

  async #goOn(scope: ListScope, place: Place, limit: number): Promise<ListedObjects> {
    const { after } = place;
    const revision = place.revision === -1 ? await this.#deps.client.revision() : place.revision;
    try {
      return await this.#fromHistory(scope, { ...place, revision, limit });
    } catch (error) {
      if (!isSampanError(error, 'StoreCompacted')) throw error;
      throw new SampanError('ListExpired', { continue: continueToken({ revision: -1, after }) }, error);
    }
  }

  /** VersionTooLarge where nobody was given that version yet. */
  async checkVersion(revision: number): Promise<void> {
    if (revision === 0) return;
    const current = await this.#deps.client.revision();
    if (revision > current) throw tooLarge(revision, current);
  }

  async #asOf(revision: number, scope: ListScope, limit: number): Promise<ListedObjects> {
    await this.checkVersion(revision);
    return this.#fromHistory(scope, { revision, limit });
  }

  async #fromHistory(
    { kind, namespace, selected, selective }: ListScope,
    { revision, after, limit, remaining }: Partial<Place> & { revision: number; limit: number },
  ): Promise<ListedObjects> {
    const found: AnyObject[] = [];
    let last = after;
    for (;;) {
      const page = await this.#deps.client.listPage(kind, {
        revision,
        limit: selective || limit === 0 ? PAGE : limit - found.length,
        ...(namespace !== '' && { namespace }),
        ...(last !== undefined && { after: last }),
      });
      for (const [index, object] of page.items.entries()) {
        last = keyOf(object);
        if (selected(object)) found.push(object);
        const isLast = !page.more && index === page.items.length - 1;
        if (found.length === limit && !isLast) {
          const follow = selective || remaining === undefined ? undefined : remaining - found.length;
          return cutAt({ revision, after: last, remaining: follow }, found);
        }
      }
      if (!page.more) return { items: found, revision };
    }
  }
}

/** A page of a list that goes on. */
function cutAt(place: Place, items: readonly AnyObject[]): ListedObjects {
  const { revision, remaining } = place;
  return { items, revision, continue: continueToken(place), ...(remaining !== undefined && { remaining }) };
}

/** The order of the store's keys. */
function byKey(a: AnyObject, b: AnyObject): number {
  const [one, other] = [a.metadata, b.metadata];
  const [first, second] = [one.namespace ?? '', other.namespace ?? ''];
  if (first !== second) return `${first}/` < `${second}/` ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function tooLarge(asked: number, current: number): SampanError {
  return new SampanError('VersionTooLarge', { asked, current });
}
