/** manifest-sync over the registry, a memory store and a fake source: what its unit tests drive. */

import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import type { Action } from '../../../reconcilers/manifest-sync/actions.ts';
import { createManifestSyncLoop } from '../../../reconcilers/manifest-sync/index.ts';
import { CACHED_KINDS } from '../../../reconcilers/objects/kinds.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';
import type { OnInvalid, Source } from '../../../reconcilers/objects/source.ts';
import { isSampanError, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeSource, MemoryArchive } from '../../fakes/fake-source.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface RecordedEvent {
  readonly about: string;
  readonly reason: string;
  readonly message: string;
}

export class SyncFixture {
  readonly cluster: TestCluster;
  readonly source: FakeSource;
  readonly archive = new MemoryArchive();
  readonly log = new CollectedLog();
  readonly events: RecordedEvent[] = [];
  readonly options: { onInvalid: OnInvalid; pruneLimit: number };
  readonly others: readonly FakeSource[];
  #process:
    | { loop: ReturnType<typeof createManifestSyncLoop>; cache: ObjectCache; stop: () => Promise<void> }
    | undefined;

  private constructor(cluster: TestCluster, source: FakeSource, options: Partial<FixtureOptions>) {
    this.cluster = cluster;
    this.source = source;
    this.others = options.others ?? [];
    this.options = { onInvalid: options.onInvalid ?? 'refuse', pruneLimit: options.pruneLimit ?? 0.5 };
  }

  static async create(options: Partial<FixtureOptions> = {}): Promise<SyncFixture> {
    const fixture = new SyncFixture(await createTestCluster(), new FakeSource(), options);
    await fixture.restart();
    return fixture;
  }

  /** A process dies and another starts: only the store, the archive and the source remain. */
  async restart(): Promise<void> {
    await this.#process?.stop();
    const { registry, clock } = this.cluster;
    const cache = new ObjectCache(CACHED_KINDS, { client: registry, clock, log: this.log });
    const controller = new AbortController();
    const running = cache.run(controller.signal);
    const { revision } = await registry.list('Namespace');
    await cache.reached(revision);
    const events = {
      record: (about: KubeObject, _type: string, reason: string, message: string) => {
        this.events.push({ about: `${about.kind} ${about.metadata.name}`, reason, message });
      },
    };
    const sources = [this.source, ...this.others].map((source) => ({ source, ...this.options }));
    const client = readYourWrites(registry, cache);
    const loop = createManifestSyncLoop({
      sources,
      client,
      cache,
      events,
      archive: this.archive,
      clock,
      log: this.log,
    });
    const watching = loop.watchOutside?.(() => {}, controller.signal);
    const stop = async () => {
      controller.abort();
      await Promise.all([running, watching]);
    };
    this.#process = { loop, cache, stop };
  }

  async close(): Promise<void> {
    await this.#process?.stop();
  }

  get client(): ObjectClient {
    return readYourWrites(this.cluster.registry, this.#running.cache);
  }

  get cache(): ObjectCache {
    return this.#running.cache;
  }

  get loop(): ReturnType<typeof createManifestSyncLoop> {
    return this.#running.loop;
  }

  /**
   * Looks at a source until there is nothing to do; answers the kinds of the actions carried out. `crashAfter` stops after so
   * many of them, as a killed process would.
   */
  async sync(options: { crashAfter?: number; source?: FakeSource } = {}): Promise<string[]> {
    const { reconciler } = this.#running.loop;
    const signal = new AbortController().signal;
    const key = { namespace: '', name: (options.source ?? this.source).name };
    const done: string[] = [];
    for (let look = 0; look < 10; look++) {
      await new Promise<void>((resolve) => setImmediate(resolve)); // what the source said arrives
      const { desired, observed } = await reconciler.observe(key, signal);
      const { actions } = reconciler.plan(desired, JSON.parse(JSON.stringify(observed)), this.cluster.clock.now());
      if (actions.length === 0) return done;
      if (!(await this.#execute(actions, done, options.crashAfter ?? Number.POSITIVE_INFINITY))) return done;
    }
    throw new Error(`not settled after ${done.join(', ')}`);
  }

  async #execute(actions: readonly Action[], done: string[], most: number): Promise<boolean> {
    for (const action of actions) {
      if (done.length >= most) return false;
      try {
        await this.#running.loop.reconciler.execute(action, new AbortController().signal);
      } catch (error) {
        if (!isSampanError(error, 'SourceInvalid', 'Conflict')) throw error;
        done.push(`${action.kind} failed`);
        return true;
      }
      done.push(action.kind);
    }
    return true;
  }

  /** Why the loop is where it is. */
  async because(): Promise<string> {
    const { reconciler } = this.#running.loop;
    const { desired, observed } = await reconciler.observe(
      { namespace: '', name: this.source.name },
      new AbortController().signal,
    );
    return reconciler.plan(desired, observed, this.cluster.clock.now()).because;
  }

  async status(source = this.source): Promise<Source['status']> {
    const stored = await this.cluster.registry.get('Source', { namespace: '', name: source.name });
    if (stored === undefined) throw new SampanError('NotFound', { resource: 'sources', name: source.name });
    return stored.status;
  }

  async condition(type: string): Promise<{ status: string; reason: string | undefined; message: string | undefined }> {
    const condition = (await this.status()).conditions.find((candidate) => candidate.type === type);
    return { status: condition?.status ?? 'missing', reason: condition?.reason, message: condition?.message };
  }

  get #running() {
    if (this.#process === undefined) throw new Error('the fixture is closed');
    return this.#process;
  }
}

interface FixtureOptions {
  readonly onInvalid: OnInvalid;
  readonly pruneLimit: number;
  readonly others: readonly FakeSource[];
}

export function controller(name: string, options: { replicas?: number | string; image?: string } = {}): string {
  return `apiVersion: v1
kind: ReplicationController
metadata:
  name: ${name}
spec:
  replicas: ${options.replicas ?? 1}
  selector: { name: ${name} }
  template:
    metadata:
      labels: { name: ${name} }
    spec:
      containers:
        - name: ${name}
          image: ${options.image ?? 'nginx'}
`;
}

export function service(name: string, extra = ''): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { name: ${name} }
  ${extra === '' ? 'ports: [{ port: 80 }]' : extra}
`;
}

export function pod(name: string, image = 'nginx', command = 'sleep'): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
    - name: main
      image: ${image}
      command: [${command}]
`;
}
