/**
 * One authority for all masters over one etcd: what its certificate and the key of ServiceAccount tokens are made of is kept in the
 * store, beside the Secrets, and every master has a copy in its data dir. `sampan run` calls it before it opens the certificates.
 */
import { join } from 'node:path';
import { type Clock, sleep } from '../reconcilers/ports/clock.ts';
import { isSampanError, messageOf, SampanError } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { Store } from '../reconcilers/ports/store.ts';
import { AUTHORITY_FILE, type Certificates, SERVICE_ACCOUNT_FILE } from './adapters/certificates/certificates.ts';
import { readSecretFile, writeSecretFile } from './adapters/certificates/secret-file.ts';

const PREFIX = '/sampan/pki/';
const SHARED = [AUTHORITY_FILE, SERVICE_ACCOUNT_FILE];
const RETRY_MS = 1_000;

export interface SharedAuthorityDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export class SharedAuthority {
  readonly #folder: string;
  readonly #deps: SharedAuthorityDeps;
  /** What this master had not, when it started: nobody trusts it yet. */
  readonly #fresh: ReadonlySet<string>;

  constructor(folder: string, deps: SharedAuthorityDeps) {
    this.#folder = folder;
    this.#deps = deps;
    this.#fresh = new Set(SHARED.filter((name) => readSecretFile(join(folder, name)) === undefined));
  }

  /** Opens the certificates: with the cluster's authority where this master has none yet, for which the store must answer. */
  async open(certificates: () => Promise<Certificates>, signal: AbortSignal): Promise<Certificates> {
    if (this.#fresh.size === 0) return certificates();
    const { store } = this.#deps;
    for (const name of this.#fresh) {
      const shared = await this.#untilAnswered(() => store.get(`${PREFIX}${name}`), signal);
      if (shared !== undefined) writeSecretFile(join(this.#folder, name), shared.value);
    }
    const opened = await certificates();
    // Another master may have started at the same moment.
    return (await this.publish(signal)) === 'replaced' ? certificates() : opened;
  }

  /** Puts this master's into the store where there is none. Usage where there is another, and somebody may trust ours. */
  async publish(signal: AbortSignal): Promise<'kept' | 'replaced'> {
    const { store } = this.#deps;
    let outcome: 'kept' | 'replaced' = 'kept';
    for (const name of SHARED) {
      const [path, key] = [join(this.#folder, name), `${PREFIX}${name}`];
      const value = readSecretFile(path) ?? '';
      const writes = [{ op: 'put', key, value }] as const;
      await this.#untilAnswered(() => store.commit({ conditions: [{ key, modRevision: 0 }], writes }), signal);
      const shared = await this.#untilAnswered(() => store.get(key), signal);
      if (shared === undefined || shared.value === value) continue;
      if (!this.#fresh.has(name)) {
        const detail = `${path} is not what the other masters over ${store.endpoint} have; move it away to take theirs`;
        throw new SampanError('Usage', { detail });
      }
      writeSecretFile(path, shared.value);
      outcome = 'replaced';
    }
    return outcome;
  }

  async #untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, log } = this.#deps;
    for (let failures = 0; ; failures++) {
      try {
        return await ask();
      } catch (error) {
        if (!isSampanError(error, 'StoreUnavailable', 'StoreFull')) throw error;
        if (failures === 0)
          log.error('waiting for the store, which keeps the authority of all masters', { error: messageOf(error) });
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }
}
