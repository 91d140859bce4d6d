/** Elections among masters over one store: who leads, for how long, and what a leader can still write whose time is over. */
import assert from 'node:assert/strict';
import { MemoryStore } from '../../../../daemon/adapters/memory-store.ts';
import { Election, LEADER_KEY, type Term } from '../../../../reconcilers/kit/leadership/election.ts';
import { FencedStore } from '../../../../reconcilers/kit/leadership/fenced-store.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Store, StoreLease } from '../../../../reconcilers/ports/store.ts';
import { CollectedLog } from '../../../fakes/collected-log.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

const TTL_SECONDS = 9;

/** A process that campaigns, on a clock of its own; it stands still while that is not advanced. */
class Master {
  readonly clock: FakeClock;
  readonly log = new CollectedLog();
  readonly terms: Term[] = [];
  readonly election: Election;
  readonly #store: Store;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(identity: string, store: Store, clock: FakeClock) {
    this.clock = clock;
    this.#store = store;
    this.election = new Election({ store, clock, log: this.log }, { identity, ttlSeconds: TTL_SECONDS });
    const lead = async (term: Term) => {
      this.terms.push(term);
      await new Promise<void>((resolve) => term.signal.addEventListener('abort', () => resolve()));
    };
    this.#ended = this.election.run(lead, this.#stop.signal);
  }

  get term(): Term | undefined {
    return this.terms.at(-1);
  }

  get leads(): boolean {
    return this.term !== undefined && !this.term.signal.aborted;
  }

  /** As its loops write. */
  write(key: string, value: string) {
    assert.ok(this.term);
    return new FencedStore(this.#store, this.term).commit({ conditions: [], writes: [{ op: 'put', key, value }] });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

describe('an election', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  const masters: Master[] = [];
  const stand = async (identity: string, on: Store = store, own = clock): Promise<Master> => {
    const master = new Master(identity, on, own);
    masters.push(master);
    await clock.advance(0);
    return master;
  };
  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore(clock);
  });
  afterEach(async () => {
    await Promise.all(masters.splice(0).map((master) => master.stop()));
    await store.close();
  });

  it('is won by one of many, who leads on as long as it lives', async () => {
    const all = [await stand('a'), await stand('b'), await stand('c')];
    await clock.advance(10 * TTL_SECONDS * 1000);
    assert.deepEqual(
      all.map(({ leads, terms }) => [leads, terms.length]),
      [
        [true, 1],
        [false, 0],
        [false, 0],
      ],
    );
    assert.deepEqual(
      all.map(({ election }) => election.leader),
      ['a', 'a', 'a'],
    );
  });

  it('is held again at once when the leader stops in order', async () => {
    const [first, second] = [await stand('a'), await stand('b')];
    await first.stop();
    await clock.advance(0);
    assert.equal(second.leads, true);
  });

  it('is held again when the lease of a leader who is no more has run out, and not before', async () => {
    const frozen = new FakeClock(clock.now());
    const [dead, next] = [await stand('a', store, frozen), await stand('b')];
    assert.equal(dead.leads, true);
    await clock.advance(TTL_SECONDS * 1000 - 1);
    assert.equal(next.leads, false);
    await clock.advance(1);
    assert.equal(next.leads, true);
  });

  it('goes to who finds its own name there, from the life before, without waiting', async () => {
    await stand('a', store, new FakeClock(clock.now()));
    const again = await stand('a');
    assert.equal(again.leads, true);
    await clock.advance(3 * TTL_SECONDS * 1000);
    assert.equal(again.leads, true, 'the lease of the life before has taken nothing away');
  });

  it('leaves a leader that was paused nothing to write, and tells it so', async () => {
    const frozen = new FakeClock(clock.now());
    const [paused, next] = [await stand('a', store, frozen), await stand('b')];
    assert.equal((await paused.write('/x', 'first')).committed, true);
    await clock.advance(60_000);
    assert.equal(next.leads, true);
    await next.write('/x', 'next');

    assert.equal(paused.leads, true, 'its clock stood still: it does not know yet');
    await assert.rejects(paused.write('/x', 'late'), { code: 'LeadershipLost' });
    assert.equal(paused.leads, false);
    assert.equal((await store.get('/x'))?.value, 'next');
    await frozen.advance(0);
    assert.equal(paused.election.leader, 'b', 'it stands for election again');
  });

  it('does not take an older term for its own, not even its own', async () => {
    const master = await stand('a');
    const [old] = master.terms;
    master.term?.end();
    await clock.advance(0);
    assert.equal(master.terms.length, 2);
    assert.ok(old);
    const late = new FencedStore(store, old).commit({ conditions: [], writes: [{ op: 'put', key: '/x', value: '1' }] });
    await assert.rejects(late, { code: 'LeadershipLost' });
  });

  it('tells a lost race apart from lost leadership', async () => {
    const master = await stand('a');
    await master.write('/x', '1');
    assert.ok(master.term);
    const stale = {
      conditions: [{ key: '/x', modRevision: 1 }],
      writes: [{ op: 'put', key: '/x', value: '2' }],
    } as const;
    const result = await new FencedStore(store, master.term).commit(stale);
    assert.deepEqual([result.committed, !result.committed && result.failed], [false, ['/x']]);
    assert.equal(master.leads, true);
  });

  it('is not lost to a store that is away for a moment, and is lost when that lasts longer than the lease', async () => {
    const away = new AwayStore(store);
    const master = await stand('a', away);
    away.isAway = true;
    await clock.advance((TTL_SECONDS - 4) * 1000);
    assert.equal(master.leads, true);
    away.isAway = false;
    await clock.advance(3 * TTL_SECONDS * 1000);
    assert.deepEqual([master.leads, master.terms.length], [true, 1]);

    away.isAway = true;
    await clock.advance(TTL_SECONDS * 1000);
    assert.equal(master.leads, false);
    away.isAway = false;
    await clock.advance(2_000);
    assert.equal(master.leads, true);
  });

  it('is kept under one readable key', async () => {
    await stand('a');
    const value = JSON.parse((await store.get(LEADER_KEY))?.value ?? '');
    assert.deepEqual(value, { holder: 'a', since: '2026-01-02T03:04:05.000Z' });
  });
});

/** Answers nothing while it is away; what was asked before goes on. */
class AwayStore extends FencedStore {
  readonly #inner: Store;
  isAway = false;

  constructor(store: Store) {
    super(store, { fence: { key: '/never', modRevision: 0 }, end: () => {} });
    this.#inner = store;
  }

  override async get(key: string) {
    this.#check();
    return super.get(key);
  }

  override async grantLease(ttlSeconds: number): Promise<StoreLease> {
    this.#check();
    const lease = await this.#inner.grantLease(ttlSeconds);
    const renew = async () => {
      this.#check();
      await lease.renew();
    };
    return { ...lease, renew };
  }

  #check(): void {
    if (this.isAway) throw new SampanError('StoreUnavailable', { endpoint: 'test', detail: 'away' });
  }
}
