/**
 * Clients of every master that write to a few registers (ConfigMaps) by compare-and-swap, read and watch them, and write down what they did
 * and were told: the history that test/model/history.ts judges. Tests and benchmarks run them while faults happen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { History, Read, Version, Watch, Write } from '../../model/history.ts';
import { eventually } from './eventually.ts';
import type { KubeClient, KubeObject } from './kube-client.ts';
import type { Master } from './machines.ts';
import { UnexpectedStatus } from './socket-request.ts';

const NAMESPACE = 'history';
const REGISTERS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const KEYS = ['register-a', 'register-b', 'register-c'];
/** Between two writes of a client: what other clients do comes in between, and a fault is met by several. */
const PAUSE_MS = 30;
const RETRY_MS = 100;
const END = 'the end';
const SETTLED_MS = 40_000;

type Recorded = Watch & { readonly seen: Version[] };

export class StoreClients {
  readonly #writes: Write[] = [];
  readonly #reads: Read[] = [];
  readonly #watches: Recorded[];
  readonly #first: readonly Version[];
  readonly #masters: readonly Master[];
  readonly #stopped = new AbortController();
  readonly #writing: Promise<unknown>;
  readonly #watching: Promise<unknown>;
  #ended = false;

  private constructor(masters: readonly Master[], first: readonly Version[]) {
    this.#masters = masters;
    this.#first = first;
    const after = Math.max(...first.map(({ revision }) => revision));
    this.#watches = masters.map(({ name }) => ({ watcher: `the watcher of ${name}`, after, seen: [] }));
    this.#writing = Promise.all(masters.map((master) => this.#write(master)));
    this.#watching = Promise.all(masters.map(({ daemon }, index) => this.#watch(daemon.api, index)));
  }

  static async start(masters: readonly Master[]): Promise<StoreClients> {
    const api = masters[0]?.daemon.api as KubeClient;
    await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const first: Version[] = [];
    for (const name of KEYS) {
      const register = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: `${name} begins` } };
      first.push(versionOf(await api.create(REGISTERS, register)));
    }
    return new StoreClients(masters, first);
  }

  /** How many writes were acknowledged so far. */
  get acknowledged(): number {
    return this.#writes.filter(({ outcome }) => typeof outcome === 'number').length;
  }

  /** All masters must be there again. Resolves when every watcher has seen the end of it. */
  async stop(): Promise<History> {
    this.#stopped.abort();
    await this.#writing;
    const [first] = this.#masters;
    if (first === undefined) throw new Error('there is no master');
    await eventually(() => this.#end(first), { describe: 'the last write to be taken', timeoutMs: SETTLED_MS });
    const items = await first.daemon.api.list(REGISTERS);
    const last = items.filter(({ metadata }) => KEYS.includes(metadata.name)).map(versionOf);
    // The history says who missed it.
    await Promise.race([this.#watching, delay(SETTLED_MS, undefined, { ref: false })]);
    this.#ended = true;
    return { first: this.#first, writes: this.#writes, reads: this.#reads, watches: this.#watches, last };
  }

  /** A write that tells the watchers to stop. */
  async #end(master: Master): Promise<boolean> {
    const [key = ''] = KEYS;
    return typeof (await this.#replace(master, key, `${END} ${this.#writes.length}`)) === 'number';
  }

  async #write(master: Master): Promise<void> {
    for (let count = 0; !this.#stopped.signal.aborted; count++) {
      const outcome = await this.#replace(master, KEYS[count % KEYS.length] as string, `${master.name} ${count}`);
      await delay(outcome === undefined ? RETRY_MS : PAUSE_MS);
    }
  }

  /** Undefined where it could not even be read. */
  async #replace({ name: client, daemon }: Master, key: string, value: string): Promise<Write['outcome'] | undefined> {
    const path = `${REGISTERS}/${key}`;
    const readAt = performance.now();
    const read = await daemon.api.get(path).catch(() => undefined);
    if (read === undefined) return undefined;
    this.#reads.push({ client, ...versionOf(read), invokedAt: readAt, endedAt: performance.now() });
    const invokedAt = performance.now();
    const outcome = await daemon.api.replace(path, { ...read, data: { value } }).then(
      (written) => versionOf(written).revision,
      (error: unknown) => (error instanceof UnexpectedStatus && error.status < 500 ? 'refused' : 'unknown'),
    );
    const base = versionOf(read).revision;
    this.#writes.push({ client, key, value, base, invokedAt, endedAt: performance.now(), outcome });
    return outcome;
  }

  /** Goes on from the last revision it saw, through whatever breaks. */
  async #watch(api: KubeClient, index: number): Promise<void> {
    const watch = this.#watches[index] as Recorded;
    while (!this.#ended) {
      const from = String(watch.seen.at(-1)?.revision ?? watch.after);
      try {
        for await (const { type, object } of api.watch(REGISTERS, from)) {
          if (type === 'ERROR') throw new Error(String(object.message));
          if (type === 'BOOKMARK' || !KEYS.includes(object.metadata.name)) continue;
          watch.seen.push(versionOf(object));
          if (object.data.value.startsWith(END)) return;
        }
      } catch {
        await delay(RETRY_MS);
      }
    }
  }
}

function versionOf({ metadata, data }: KubeObject): Version {
  return { key: metadata.name, value: data.value, revision: Number(metadata.resourceVersion) };
}
