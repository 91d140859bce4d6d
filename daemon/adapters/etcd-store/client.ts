/**
 * The connection to etcd: etcd3's low-level clients without its retries and buffering, every call with a deadline, every failure
 * in the project's own errors. EtcdStore and its watch call through it; nothing outside this folder sees etcd3.
 */
import { ConsecutiveBreaker, circuitBreaker, handleWhen, noop } from 'cockatiel';
import { Etcd3, type IOptions, isRecoverableError, type KVClient, type LeaseClient, type WatchClient } from 'etcd3';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { type EtcdTls, useTls } from './tls.ts';

export interface EtcdOptions {
  /** `http://127.0.0.1:2379`; several members of one cluster. */
  readonly endpoints: readonly string[];
  /** For `https://` endpoints. */
  readonly tls?: EtcdTls;
}

/** Beyond etcd's own request timeout (7 s with its defaults: it answers "request timed out" itself), an answer will not come. */
const CALL_TIMEOUT_MS = 5_000;
/** A silent peer is given up after the sum of both. etcd refuses clients that ping more often than every 5 s. */
const KEEPALIVE = { everyMs: 6_000, timeoutMs: 3_000 };
const RECONNECT = { firstMs: 50, mostMs: 1_000 };
/** A member that failed is left out so long, where there are others. */
const AVOID_MS = 1_000;

export class EtcdClient {
  readonly endpoint: string;
  readonly #etcd: Etcd3;
  readonly #members: number;

  constructor(options: EtcdOptions) {
    this.endpoint = `etcd ${options.endpoints.join(',')}`;
    this.#members = options.endpoints.length;
    this.#etcd = new Etcd3(clientOptions(options.endpoints));
    if (options.endpoints.some((endpoint) => endpoint.startsWith('https:'))) useTls(this.#etcd, options.tls ?? {});
  }

  get kv(): KVClient {
    return this.#etcd.kv;
  }

  get leases(): LeaseClient {
    return this.#etcd.leaseClient;
  }

  get watches(): WatchClient {
    return this.#etcd.watchClient;
  }

  /** One call of which it does not matter if it is carried out twice: another member is asked where one does not answer. */
  repeatable<T>(call: (options: { deadline: number }) => Promise<T>): Promise<T> {
    return this.#call(call, isRecoverableError);
  }

  /**
   * One call that must not be carried out twice (a second compare-and-swap would find its own first). Where the connection breaks
   * under it, whether it was carried out is not known: StoreUnavailable.
   */
  once<T>(call: (options: { deadline: number }) => Promise<T>): Promise<T> {
    return this.#call(call, neverSent);
  }

  /** What `error` means for whoever uses the store. */
  translate(error: unknown): SampanError {
    if (error instanceof SampanError) return error;
    const { endpoint } = this;
    const detail = messageOf(error)
      .replace(/^(Error: )?\d+ [A-Z_]+: (etcdserver: )?/, '')
      .replace(/\.? Resolution note: $/, '');
    if (/database space exceeded|no space left on device/.test(detail)) {
      return new SampanError('StoreFull', { endpoint, detail }, error);
    }
    if (/request is too large|too many operations/.test(detail)) {
      return new SampanError('BadRequest', { detail: `${endpoint}: ${detail}` }, error);
    }
    return new SampanError('StoreUnavailable', { endpoint, detail }, error);
  }

  close(): void {
    this.#etcd.close();
  }

  async #call<T>(call: (options: { deadline: number }) => Promise<T>, repeat: (error: Error) => boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call({ deadline: Date.now() + CALL_TIMEOUT_MS });
      } catch (error) {
        if (attempt >= this.#members || !(error instanceof Error && repeat(error))) throw this.translate(error);
      }
    }
  }
}

/** grpc-js says so of calls that waited for a connection in vain. */
function neverSent(error: Error): boolean {
  return error.message.includes('No connection established');
}

function clientOptions(endpoints: readonly string[]): IOptions {
  const avoidFailed = () =>
    circuitBreaker(handleWhen(isRecoverableError), { halfOpenAfter: AVOID_MS, breaker: new ConsecutiveBreaker(1) });
  return {
    hosts: [...endpoints],
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': KEEPALIVE.everyMs,
      'grpc.keepalive_timeout_ms': KEEPALIVE.timeoutMs,
      'grpc.initial_reconnect_backoff_ms': RECONNECT.firstMs,
      'grpc.max_reconnect_backoff_ms': RECONNECT.mostMs,
    },
    // etcd3 would repeat whatever failed, transactions too.
    faultHandling: { global: noop, host: endpoints.length === 1 ? () => noop : avoidFailed },
  };
}
