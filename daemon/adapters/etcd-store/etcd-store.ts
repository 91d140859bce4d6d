/**
 * The store in etcd v3. Assembled where --etcd-servers is given; the only user of the etcd3 package, whose last release is old.
 * It never retries a write: a lost answer is StoreUnavailable, and the caller's compare-and-swap settles what happened.
 */
import type { ILeaseKeepAliveResponse, IRangeResponse } from 'etcd3';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type {
  CommitResult,
  LeaseId,
  ListOptions,
  ListResult,
  Store,
  StoredValue,
  StoreEvents,
  StoreLease,
  Transaction,
} from '../../../reconcilers/ports/store.ts';
import { checkTransaction } from '../../../reconcilers/ports/store-rules.ts';
import { EtcdClient, type EtcdOptions } from './client.ts';
import { watchEtcd } from './watch.ts';
import { rangeOf, toStoredValue, toTxn } from './wire.ts';

/** Keys read by one request; a longer list takes several, as of one revision. */
const PAGE = 1_000;

/** In etcd's own words (api/v3rpc/rpctypes/error.go). */
const COMPACTED = 'required revision has been compacted';
const FUTURE = 'required revision is a future revision';
const LEASE_MISSING = 'requested lease not found';

export class EtcdStore implements Store {
  readonly #client: EtcdClient;

  /** Connects when first used; throws only where a TLS file cannot be read. */
  constructor(options: EtcdOptions) {
    this.#client = new EtcdClient(options);
  }

  get endpoint(): string {
    return this.#client.endpoint;
  }

  async revision(): Promise<number> {
    // Of no key in particular: the answer's header is what counts, and that is linearizable.
    const key = Buffer.from('/');
    const { header } = await this.#client.repeatable((options) => this.#client.kv.range({ key, limit: 1 }, options));
    return Number(header.revision);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const { kvs } = await this.#client.repeatable((options) =>
      this.#client.kv.range({ key: Buffer.from(key) }, options),
    );
    return kvs[0] && toStoredValue(kvs[0]);
  }

  async list(prefix: string, { revision, limit, after }: ListOptions = {}): Promise<ListResult> {
    const values: StoredValue[] = [];
    let asOf = revision;
    for (;;) {
      const left = limit === undefined ? PAGE : Math.min(PAGE, limit - values.length);
      const page = await this.#page(prefix, values.at(-1)?.key ?? after, left, asOf);
      asOf ??= Number(page.header.revision);
      for (const kv of page.kvs) values.push(toStoredValue(kv));
      if (!page.more || values.length === limit) return { values, revision: asOf, more: page.more };
    }
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    checkTransaction(transaction);
    const request = toTxn(transaction);
    const response = await this.#client
      .once((options) => this.#client.kv.txn(request, options))
      .catch((error) => {
        throw says(error, LEASE_MISSING) ? leaseNotFound(leasesOf(transaction), error) : error;
      });
    const revision = Number(response.header.revision);
    if (response.succeeded) return { committed: true, revision };
    const failed = transaction.conditions
      .filter(({ modRevision }, index) => {
        const [found] = response.responses[index]?.response_range.kvs ?? [];
        return Number(found?.mod_revision ?? 0) !== modRevision;
      })
      .map(({ key }) => key);
    return { committed: false, revision, failed };
  }

  watch(prefix: string, options: { after: number; signal: AbortSignal }): AsyncIterable<StoreEvents> {
    return watchEtcd(this.#client, prefix, options);
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#client.repeatable((options) => this.#client.kv.compact({ revision }, options));
    } catch (error) {
      if (says(error, COMPACTED)) return;
      if (!says(error, FUTURE)) throw error;
      throw new SampanError('BadRequest', { detail: `revision ${revision} is still to come` }, error);
    }
  }

  async grantLease(ttlSeconds: number): Promise<StoreLease> {
    const granted = await this.#client.repeatable((options) =>
      this.#client.leases.leaseGrant({ TTL: Math.ceil(ttlSeconds) }, options),
    );
    const id = granted.ID;
    return {
      id,
      // etcd has a shortest TTL, of about one and a half elections.
      ttlSeconds: Number(granted.TTL),
      renew: () => this.#renew(id),
      revoke: () => this.#revoke(id),
    };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #page(
    prefix: string,
    after: string | undefined,
    limit: number,
    revision: number | undefined,
  ): Promise<IRangeResponse> {
    const request = { ...rangeOf(prefix, after), limit, ...(revision !== undefined && { revision }) };
    try {
      return await this.#client.repeatable((options) => this.#client.kv.range(request, options));
    } catch (error) {
      if (!says(error, COMPACTED) && !says(error, FUTURE)) throw error;
      throw new SampanError('StoreCompacted', { revision, oldest: 'another' }, error);
    }
  }

  /** One round of etcd's keep-alive stream: ended from this side at once, etcd ends it after its one answer. */
  async #renew(id: LeaseId): Promise<void> {
    const ttl = await this.#client.repeatable(async (options) => {
      const stream = await this.#client.leases.leaseKeepAlive(options);
      stream.write({ ID: id });
      stream.end();
      for await (const { TTL } of stream as unknown as AsyncIterable<ILeaseKeepAliveResponse>) return Number(TTL);
      throw new Error('the keep-alive stream ended without an answer');
    });
    if (ttl <= 0) throw leaseNotFound(id);
  }

  async #revoke(id: LeaseId): Promise<void> {
    try {
      await this.#client.repeatable((options) => this.#client.leases.leaseRevoke({ ID: id }, options));
    } catch (error) {
      if (!says(error, LEASE_MISSING)) throw error;
    }
  }
}

function says(error: unknown, phrase: string): boolean {
  return messageOf(error).includes(phrase);
}

function leasesOf({ writes }: Transaction): string {
  const leases = writes.flatMap((write) => (write.op === 'put' && write.lease !== undefined ? [write.lease] : []));
  return [...new Set(leases)].join(', ');
}

function leaseNotFound(name: string, cause?: unknown): SampanError {
  return new SampanError('NotFound', { resource: 'lease', name }, cause);
}
