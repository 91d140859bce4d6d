/**
 * A cluster as scenarios play it: what outlives every daemon (the store, the machines' containers and rules, the sources, the
 * clock), and daemons assembled as `sampan run` assembles them, each of which can be killed at any change it makes.
 */
import { MemoryStore } from '../../../daemon/adapters/memory-store.ts';
import { type AssembledLoop, type Core, createCore, masterLoops, nodeLoops } from '../../../daemon/assemble.ts';
import { compactRegularly } from '../../../reconcilers/kit/compaction.ts';
import { standardAdmissions } from '../../../reconcilers/kit/registry/admission/standard.ts';
import { addressAt, parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { Registry } from '../../../reconcilers/kit/registry/registry.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import type { Store } from '../../../reconcilers/ports/store.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClaimFolders } from '../../fakes/fake-claim-folders.ts';
import { FakeClock, settle } from '../../fakes/fake-clock.ts';
import { FakeNodeNames } from '../../fakes/fake-node-names.ts';
import { FakePacketFilter } from '../../fakes/fake-packet-filter.ts';
import { FakePodRoutes } from '../../fakes/fake-pod-routes.ts';
import { FakeProber } from '../../fakes/fake-prober.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { FakeSource, MemoryArchive } from '../../fakes/fake-source.ts';
import { FakeTerminationFiles } from '../../fakes/fake-termination-files.ts';
import { FakeTokenIssuer } from '../../fakes/fake-token-issuer.ts';
import { FakeVolumeFiles } from '../../fakes/fake-volume-files.ts';
import { MemoryImageLedger } from '../../fakes/memory-image-ledger.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { FaultyStore } from './faulty-store.ts';
import { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import {
  mortalArchive,
  mortalClaims,
  mortalClock,
  mortalFiles,
  mortalFilter,
  mortalImages,
  mortalLog,
  mortalRoutes,
  mortalRuntime,
  mortalSource,
  mortalStore,
} from './mortal-ports.ts';

const SERVICE_RANGE = parseIpv4Range('123.123.123.0/24');
const CLUSTER_CIDR = parseIpv4Range('10.244.0.0/16');
const NODE_PORTS = { first: 30_000, last: 32_767 };
const PAUSE_IMAGE = 'sampan/pause:1';
const AUTHORITY = '-----BEGIN CERTIFICATE-----\nc2FtcGFu\n-----END CERTIFICATE-----\n';
const GRACE_MS = 10_000;
const EVICTION_MS = 30_000;
/** How the world's time passes while something is waited for: in short steps at first, then in long ones. */
const STEP_MS = 500;
const PATIENCE_MS = 60_000;
const KEPT_CHANGES = 60;
/** More than any legitimate work needs at once: somebody tries again and again, without waiting. */
const MOST_CALLS = 20_000;

export interface WorldOptions {
  readonly seed?: number;
  /** Default: the memory store. */
  readonly openStore?: (clock: Clock) => Store;
  /** What is present on every machine. */
  readonly images?: readonly string[];
}

/** `change`: as in {@link Life}: `stop 3f2a...`, `create k8s_...`, `57 put /registry/pods/...`. */
export type ChangeListener = (machine: Machine, change: string) => void;

export class World {
  readonly clock = new FakeClock();
  readonly random: SeededRandom;
  readonly ledger = new Ledger();
  readonly store: FaultyStore;
  readonly source = new FakeSource('web', 'git');
  readonly archive = new MemoryArchive();
  readonly prober = new FakeProber();
  readonly log = new CollectedLog();
  readonly machines: Machine[] = [];
  /** The last changes that daemons have made, for messages. */
  readonly changes: string[] = [];
  readonly #options: WorldOptions;
  readonly #listeners: ChangeListener[] = [];

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    const store = options.openStore?.(this.clock) ?? new MemoryStore(this.clock);
    this.store = new FaultyStore(store, (transaction, revision) => this.ledger.take(transaction, revision));
  }

  /** The API as a person at the command line has it: through no daemon's cache. */
  get person(): Registry {
    const admissions = standardAdmissions(
      { serviceRange: SERVICE_RANGE, nodePorts: NODE_PORTS, isApiReachable: false },
      this,
    );
    return new Registry({ store: this.store, clock: this.clock, random: this.random, admissions });
  }

  /** A machine without a daemon yet. The first one is the master. */
  addMachine(): Machine {
    const machine = new Machine(this, this.machines.length + 1);
    for (const image of [PAUSE_IMAGE, ...(this.#options.images ?? [])]) machine.runtime.addImage(image);
    this.machines.push(machine);
    return machine;
  }

  /** Lets everything happen that needs no time. */
  async settled(): Promise<void> {
    const calls = () => this.machines.reduce((sum, { daemon }) => sum + (daemon?.life.calls ?? 0), 0);
    const first = calls();
    for (let before = -1; before !== calls(); ) {
      before = calls();
      if (before > first + MOST_CALLS) throw this.#explained(new Error(`busy: ${MOST_CALLS} calls in no time at all`));
      await settle();
    }
  }

  async advance(ms: number): Promise<void> {
    await this.settled();
    await this.clock.advance(ms);
    await this.settled();
  }

  /** Lets time pass until `check` no longer throws; after `withinMs` of the world's time, throws what it threw last. */
  async until(check: () => void, withinMs = 120_000): Promise<void> {
    const since = this.clock.now();
    await this.settled();
    for (;;) {
      for (const violation of this.ledger.violations) throw this.#explained(violation);
      try {
        return check();
      } catch (error) {
        if (this.clock.now() >= since + withinMs) throw this.#explained(error);
      }
      await this.advance(this.clock.now() < since + PATIENCE_MS ? STEP_MS : 10 * STEP_MS);
    }
  }

  async end(): Promise<void> {
    for (const machine of this.machines) machine.kill();
    await this.store.close();
  }

  /** `listener` is called after each change that a daemon makes; what it throws fails the scenario. */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  noteChange(machine: Machine, change: string): void {
    this.changes.push(`${machine.name}: ${change}`);
    if (this.changes.length > KEPT_CHANGES) this.changes.shift();
    for (const listener of this.#listeners) {
      try {
        listener(machine, change);
      } catch (error) {
        this.ledger.violations.push(error);
      }
    }
  }

  /** With what the daemons say is the matter, and what they did last. */
  #explained(error: unknown): Error {
    const troubles = this.machines.flatMap(({ daemon }) =>
      (daemon?.loops ?? []).flatMap((loop) =>
        [...loop.troubles()].map((trouble) => `${loop.name} ${JSON.stringify(trouble)}`),
      ),
    );
    const sources = this.ledger
      .list('Source')
      .flatMap(({ status }) =>
        status.conditions.map(({ type, status: holds, message }) => `${type} ${holds} ${message}`),
      );
    const text = [
      messageOf(error),
      'source:',
      ...sources,
      'troubles:',
      ...troubles,
      'last changes:',
      ...this.changes,
    ].join('\n');
    return new Error(text, { cause: error });
  }
}

export interface Daemon {
  readonly life: Life;
  readonly loops: readonly AssembledLoop[];
}

export class Machine {
  readonly name: string;
  readonly runtime: FakeRuntime;
  readonly filter: FakePacketFilter;
  readonly routes = new FakePodRoutes();
  readonly files = new FakeVolumeFiles();
  readonly claimFolders = new FakeClaimFolders(this.files.machine);
  readonly terminationFiles = new FakeTerminationFiles();
  readonly images = new MemoryImageLedger();
  readonly #world: World;
  readonly #number: number;
  #daemon: Daemon | undefined;

  constructor(world: World, number: number) {
    this.#world = world;
    this.#number = number;
    this.name = `node-${number}`;
    this.runtime = new FakeRuntime(world);
    this.filter = new FakePacketFilter(world.random);
  }

  get isMaster(): boolean {
    return this.#number === 1;
  }

  get daemon(): Daemon | undefined {
    return this.#daemon;
  }

  /** The rules that are in force, whoever has applied them. */
  get installedTable(): RoutingTable | undefined {
    return this.filter.table;
  }

  /**
   * Starts its daemon anew. `diesAfter`: so many changes of the world are left to it; default: all it likes. `stuck`: a loop of it
   * that hangs from the start.
   */
  async start(options: { diesAfter?: number; stuck?: string } = {}): Promise<Daemon> {
    this.kill();
    const { clock, random, store, log } = this.#world;
    const life = new Life((change) => this.#world.noteChange(this, change));
    life.dieAfter(options.diesAfter ?? Number.POSITIVE_INFINITY);
    const essentials = { clock: mortalClock(clock, life), random, log: mortalLog(log, life) };
    const ownStore = mortalStore(store, life);
    const core = createCore(
      ownStore,
      { serviceRange: SERVICE_RANGE, nodePorts: NODE_PORTS, host: this.name, isApiReachable: true },
      essentials,
    );
    this.#daemon = { life, loops: this.#assemble(core, life).filter(({ name }) => name !== options.stuck) };
    void core.cache.run(life.signal);
    void compactRegularly({ store: ownStore, revision: () => core.cache.revision, ...essentials }, life.signal);
    void runLoops(core, this.#daemon);
    await this.#world.settled();
    return this.#daemon;
  }

  /** The process is gone, in the middle of whatever it did. Containers, rules and what is stored stay. */
  kill(): void {
    this.#daemon?.life.kill();
    this.#daemon = undefined;
  }

  #assemble(core: Core, life: Life): AssembledLoop[] {
    const { source, archive } = this.#world;
    const runtime = mortalRuntime(this.runtime, life);
    const filter = mortalFilter(this.filter, life);
    const files = mortalFiles(this.files, life);
    const claimFolders = mortalClaims(this.claimFolders, life);
    const ledger = mortalImages(this.images, life);
    const tokens = new FakeTokenIssuer(core.clock);
    const master = masterLoops(core, {
      nodeName: this.name,
      apiServer: () => undefined,
      sources: [{ source: mortalSource(source, life), onInvalid: 'refuse', pruneLimit: 0.5 }],
      archive: mortalArchive(archive, life),
      serviceRange: SERVICE_RANGE,
      clusterCidr: CLUSTER_CIDR,
      nodeMonitorGraceMs: GRACE_MS,
      podEvictionTimeoutMs: EVICTION_MS,
      authority: () => AUTHORITY,
    });
    const node = nodeLoops(
      core,
      {
        runtime,
        prober: this.#world.prober,
        filter,
        podRoutes: mortalRoutes(this.routes, life),
        files,
        claimFolders,
        terminationFiles: this.terminationFiles,
        tokens,
        names: new FakeNodeNames(),
        ledger,
        logins: async () => undefined,
      },
      {
        nodeName: this.name,
        nodeIP: addressAt(parseIpv4Range('192.0.2.0/24'), this.#number),
        hostname: this.name,
        version: '0.0.0',
        machineID: `machine-${this.#number}`,
        systemUUID: `system-${this.#number}`,
        bootID: `boot-${this.#number}`,
        diskBytes: 2 ** 34,
        maxPods: 110,
        instance: this.name,
        pauseImage: PAUSE_IMAGE,
        imageGarbage: { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000 },
        network: { name: 'sampan', bridge: 'sampan0' },
        leastOomScoreAdj: -1000,
        dns: { domain: 'cluster.local', servers: [] },
        seccompDir: '/seccomp',
        hasAppArmor: false,
        allowedUnsafeSysctls: [],
        serviceRange: SERVICE_RANGE,
        clusterCidr: CLUSTER_CIDR.cidr,
        podNetwork: 'host-gw',
        onNetwork: ({ subnet }) => this.routes.attach(subnet),
      },
    );
    return this.isMaster ? [...master, ...node] : node;
  }
}

/** As `sampan run` does: nothing is looked at before the first list is in, which waits for the store. */
async function runLoops({ cache }: Core, { life, loops }: Daemon): Promise<void> {
  while (cache.revision === 0) await cache.reached(1).catch(() => undefined);
  for (const loop of loops) void loop.run(life.signal);
}
