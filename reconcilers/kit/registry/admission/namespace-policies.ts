/**
 * The policies of a namespace (LimitRanges, ResourceQuotas), for the admissions that enforce them. Out of the object cache, so that a
 * write in a namespace without any costs next to nothing; out of the store only until the cache has its first list.
 */
import { KINDS, type Kind, type ObjectOf } from '../../../objects/kinds.ts';
import type { Store } from '../../../ports/store.ts';
import type { ReadOnlyCache } from '../../object-cache.ts';
import { parseStored } from '../stored-object.ts';

export type PolicyCache = Pick<ReadOnlyCache, 'revision' | 'list'>;

export class NamespacePolicies {
  readonly #store: Store;
  readonly #cache: () => PolicyCache | undefined;

  /** `cache`: asked on every write; absent where nobody follows the store. */
  constructor(store: Store, cache: () => PolicyCache | undefined) {
    this.#store = store;
    this.#cache = cache;
  }

  async of<K extends Kind>(kind: K, namespace: string): Promise<ObjectOf<K>[]> {
    const cache = this.#cache();
    if (cache !== undefined && cache.revision > 0) return cache.list(kind, namespace);
    const { values } = await this.#store.list(`${KINDS[kind].storePrefix}${namespace}/`);
    return values.map((stored) => parseStored(kind, stored));
  }
}
