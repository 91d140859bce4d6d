/**
 * Two hundred random steps of edits, faults, crashes and interference by people, then peace: what runs equals what is declared, a
 * restarted daemon touches nothing, and a settled one does nothing. The seed is in the test's name: `SCENARIO_SEED=7` runs it alone,
 * `SCENARIO_SOAK=500` so many seeds from `SCENARIO_FROM` on; `SCENARIO_TRACE=1` prints each step.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { LABEL_CONTAINER, SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import { ANNOTATION_CONFIRM_PRUNE } from '../../reconcilers/objects/source.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { guardServiceAddresses } from './harness/guards.ts';
import { checkConverged, checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { CRASHING_IMAGE, FAR_IMAGE, GOOD_IMAGES, RandomRepo, STUBBORN_IMAGE } from './harness/random-repo.ts';
import { type Machine, World, type WorldOptions } from './harness/world.ts';

const STEPS = 200;
const SEEDS = 40;
const SOAK_FIRST = Number(process.env.SCENARIO_FROM ?? 1_000);

/** How often each step is taken, against the others. */
const STEP_WEIGHTS = {
  commit: 10,
  wait: 10,
  'kill a container': 4,
  'kill a pause container': 2,
  'remove a container': 2,
  'delete a pod': 3,
  'drop a pod': 1,
  'edit a controller by hand': 2,
  'delete a controller by hand': 1,
  'delete a Service by hand': 1,
  'flush the rules': 1,
  'refuse the next rules': 1,
  'crash the daemon': 3,
  'crash the daemon soon': 3,
  'start the daemon': 6,
  'stop Docker': 1,
  'slow Docker': 1,
  'start Docker': 3,
  'take the store away': 1,
  'bring the store back': 3,
  'lose answers of the store': 2,
  'hold the watches': 2,
  'let the watches go': 4,
  'break the watches': 1,
  'break and compact': 1,
  'repeat the last events': 1,
  'take the source away': 1,
  'bring the source back': 2,
} as const;
type Step = keyof typeof STEP_WEIGHTS;
const WEIGHTED_STEPS = Object.entries(STEP_WEIGHTS).flatMap(([step, weight]) => Array<Step>(weight).fill(step as Step));

class Play {
  readonly world: World;
  readonly #random: SeededRandom;
  readonly #repo: RandomRepo;

  constructor(seed: number, options: Pick<WorldOptions, 'openStore'> = {}) {
    this.#random = new SeededRandom(seed);
    this.world = new World({ seed, images: GOOD_IMAGES, ...options });
    this.#repo = new RandomRepo(this.#random);
    // Every second play is on two machines.
    for (let count = 0; count <= seed % 2; count++) this.#addMachine();
    guardServiceAddresses(this.world);
  }

  async begin(): Promise<void> {
    this.world.source.set(this.#repo.files);
    for (const machine of this.world.machines) await machine.start();
  }

  /** One random step. A person whose command the store refuses, or who lost a race, lets it be. */
  async step(): Promise<void> {
    const step = this.#draw();
    if (process.env.SCENARIO_TRACE) console.log(step);
    try {
      await this.#steps[step]();
    } catch (error) {
      if (!(error instanceof SampanError)) throw error;
    }
    // As often as not the next one comes before anything of this one is done.
    if (this.#below(2) === 0) await this.world.settled();
  }

  /** All faults end, the repo is put right, and the daemons run: what must then become true. */
  async settle(): Promise<void> {
    const { world } = this;
    world.store.comeBack();
    world.store.answersToLose = 0;
    world.store.letWatchesGo();
    this.#repo.repair();
    const files = this.#repo.files;
    const revision = world.source.set(files);
    for (const machine of world.machines) {
      machine.runtime.comeBack({ liveRestore: true });
      machine.runtime.latencyMs.clear();
      if (machine.daemon === undefined || machine.daemon.life.isOver) await machine.start();
      machine.daemon?.life.dieAfter(Number.POSITIVE_INFINITY);
    }
    await world.advance(10_000);
    await this.#confirmPrune(revision);
    await world.until(() => checkConverged(world, files, revision), 20 * 60_000);
    await checkQuiet(world, 60_000);

    const before = runningIds(world);
    for (const machine of world.machines) await machine.start();
    await world.advance(30_000);
    checkConverged(world, files, revision);
    checkUntouched(world, before);
    await world.end();
  }

  #addMachine(): void {
    const { runtime } = this.world.addMachine();
    runtime.addImage(CRASHING_IMAGE, { exitCode: 1 });
    runtime.addImage(STUBBORN_IMAGE, { onSigterm: 'ignore' });
    runtime.registry.images.set(FAR_IMAGE, {});
    runtime.registry.latencyMs = 3_000;
  }

  readonly #steps: Record<Step, () => unknown> = {
    commit: () => {
      const what = this.#repo.commit();
      this.world.source.set(this.#repo.files, { subject: what });
    },
    // Mostly moments, sometimes long enough for every timer there is.
    wait: () => this.world.advance(20 * 2 ** this.#below(this.#below(5) === 0 ? 12 : 8)),
    'kill a container': () => this.#kill((record) => record.labels[LABEL_CONTAINER] !== SANDBOX),
    'kill a pause container': () => this.#kill((record) => record.labels[LABEL_CONTAINER] === SANDBOX),
    'remove a container': () => {
      const { runtime } = this.#machine();
      const record = this.#pick(runtime.containers);
      // A Docker that is slow, or away, is not waited for.
      if (record !== undefined) void runtime.remove(record.id).catch(() => undefined);
    },
    'delete a pod': async () => {
      const pod = this.#pick(this.world.ledger.list('Pod'));
      if (pod !== undefined) await this.world.person.delete('Pod', nameOf(pod));
    },
    'drop a pod': async () => {
      const pod = this.#pick(this.world.ledger.list('Pod'));
      if (pod !== undefined) await this.world.person.delete('Pod', nameOf(pod), { gracePeriodSeconds: 0 });
    },
    'edit a controller by hand': async () => {
      const controller = this.#pick(this.world.ledger.list('ReplicationController'));
      if (controller === undefined) return;
      const metadata = { ...controller.metadata, resourceVersion: '' };
      const spec = { ...controller.spec, replicas: this.#below(5) };
      await this.world.person.update('ReplicationController', { ...controller, metadata, spec });
    },
    'delete a controller by hand': async () => {
      const controller = this.#pick(this.world.ledger.list('ReplicationController'));
      if (controller !== undefined) await this.world.person.delete('ReplicationController', nameOf(controller));
    },
    'delete a Service by hand': async () => {
      const service = this.#pick(this.world.ledger.list('Service'));
      if (service !== undefined) await this.world.person.delete('Service', nameOf(service));
    },
    'flush the rules': () => this.#machine().filter.damage(),
    'refuse the next rules': () => {
      this.#machine().filter.failure = new SampanError('PacketFilterFailed', { detail: 'nft: no' });
    },
    'crash the daemon': () => this.#machine().kill(),
    'crash the daemon soon': () => this.#machine().daemon?.life.dieAfter(1 + this.#below(12)),
    'start the daemon': async () => {
      const machine = this.#machine();
      if (machine.daemon === undefined || machine.daemon.life.isOver) await machine.start();
    },
    'stop Docker': () => this.#machine().runtime.goDown(),
    'slow Docker': () => {
      const { latencyMs } = this.#machine().runtime;
      for (const operation of ['create', 'start', 'stop', 'remove', 'inspect', 'list'] as const) {
        latencyMs.set(operation, this.#below(3) * 100);
      }
    },
    'start Docker': () => {
      for (const { runtime } of this.world.machines) runtime.comeBack({ liveRestore: this.#below(2) === 0 });
    },
    'take the store away': () => this.world.store.goAway(),
    'bring the store back': () => this.world.store.comeBack(),
    'lose answers of the store': () => {
      this.world.store.answersToLose = 1 + this.#below(4);
    },
    'hold the watches': () => this.world.store.holdWatches(),
    'let the watches go': () => this.world.store.letWatchesGo(),
    'break the watches': () => this.world.store.breakWatches(),
    'break and compact': async () => {
      await this.world.store.compact(this.world.ledger.revision);
      this.world.store.breakWatches();
    },
    'repeat the last events': () => this.world.store.repeatLast(),
    'take the source away': () => this.world.source.vanish(),
    'bring the source back': () => this.world.source.set(this.#repo.files),
  };

  #kill(isMeant: (record: Machine['runtime']['containers'][number]) => boolean): void {
    const { runtime } = this.#machine();
    const record = this.#pick(runtime.containers.filter((each) => each.state === 'running' && isMeant(each)));
    if (record !== undefined) runtime.exit(record.id, 137);
  }

  /** What a person does who has meant it. */
  async #confirmPrune(revision: string): Promise<void> {
    const [source] = this.world.ledger.list('Source');
    if (source === undefined) return;
    const annotations = { ...source.metadata.annotations, [ANNOTATION_CONFIRM_PRUNE]: revision };
    const metadata = { ...source.metadata, resourceVersion: '', annotations };
    await this.world.person.update('Source', { ...source, metadata });
  }

  #draw(): Step {
    return this.#pick(WEIGHTED_STEPS) as Step;
  }

  #machine(): Machine {
    return this.#pick(this.world.machines) as Machine;
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)];
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

function nameOf({ metadata }: { metadata: { namespace?: string; name: string } }) {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function seeds(): number[] {
  const { SCENARIO_SEED, SCENARIO_SOAK } = process.env;
  if (SCENARIO_SEED !== undefined) return [Number(SCENARIO_SEED)];
  if (SCENARIO_SOAK !== undefined)
    return Array.from({ length: Number(SCENARIO_SOAK) }, (_, index) => SOAK_FIRST + index);
  return Array.from({ length: SEEDS }, (_, index) => index + 1);
}

async function perform(play: Play): Promise<void> {
  await play.begin();
  for (let step = 0; step < STEPS; step++) await play.step();
  await play.settle();
}

describe('random edits, faults and crashes', () => {
  for (const seed of seeds()) {
    it(`end in what is declared, SCENARIO_SEED=${seed}`, () => perform(new Play(seed))).timeout(60_000);
  }

  it('end in what is declared on the SQLite store, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sampan-scenario-'));
    const [seed = 1] = seeds();
    await perform(new Play(seed, { openStore: (clock) => new SqliteStore(join(folder, 'store.db'), clock) }));
    rmSync(folder, { recursive: true });
  }).timeout(60_000);
});
