import assert from 'node:assert/strict';
import { type Subject, UsageSampler } from '../../../../daemon/apiserver/metrics/usage-sampler.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';

describe('the sampler of usage', () => {
  let clock: FakeClock;
  /** The ids of each read. */
  let reads: string[][];
  let sampler: UsageSampler<Subject>;
  const { signal } = new AbortController();
  const subjects = [{ id: 'a' }, { id: 'b' }];

  beforeEach(() => {
    clock = new FakeClock();
    reads = [];
    // All are half busy, but for `gone`, which does not run.
    sampler = new UsageSampler(async (read) => {
      const ids = read.map(({ id }) => id);
      reads.push(ids);
      const at = clock.now();
      const there = ids.filter((id) => id !== 'gone');
      return new Map(there.map((id) => [id, { at, cpuNanos: (at % 1e9) * 500_000, memoryBytes: 1 }]));
    }, clock);
  });

  /** What is told once all waiting is over, and how long that took. */
  const ask = async (ids = subjects) => {
    const startedAt = clock.now();
    const asking = sampler.rates(ids, signal);
    asking.catch(() => undefined);
    await clock.advance(0);
    while (clock.nextTimerMs !== undefined) await clock.advance(clock.nextTimerMs);
    const rates = await asking;
    return { rates, tookMs: clock.now() - startedAt };
  };

  it('looks twice, a second apart, at what it has never seen', async () => {
    const { rates, tookMs } = await ask();
    assert.equal(tookMs, 1000);
    assert.deepEqual([...rates.keys()], ['a', 'b']);
    assert.deepEqual(rates.get('a'), { at: clock.now(), windowMs: 1000, nanoCores: 5e8, memoryBytes: 1 });
    assert.deepEqual(reads, [
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('looks once where it has looked before, and counts from there', async () => {
    await ask();
    clock.jump(30_000);
    const { rates, tookMs } = await ask();
    assert.equal(tookMs, 0);
    assert.equal(rates.get('b')?.windowMs, 30_000);
    assert.equal(reads.length, 3);
  });

  it('waits for a newcomer only, and looks at it alone', async () => {
    await ask();
    clock.jump(30_000);
    const { rates, tookMs } = await ask([...subjects, { id: 'new' }]);
    assert.equal(tookMs, 1000);
    assert.deepEqual([...rates.keys()].sort(), ['a', 'b', 'new']);
    assert.deepEqual(reads.at(-1), ['new']);
  });

  it('tells the same to whoever asks at once, without a look', async () => {
    const first = await ask();
    const looks = reads.flat().length;
    assert.deepEqual((await ask()).rates, first.rates);
    assert.equal(reads.flat().length, looks);
  });

  it('does not wait for what does not run', async () => {
    const { rates, tookMs } = await ask([{ id: 'gone' }]);
    assert.deepEqual([rates.size, tookMs], [0, 0]);
  });

  it('begins anew after two minutes without a question', async () => {
    await ask();
    clock.jump(121_000);
    assert.equal((await ask()).tookMs, 1000);
  });

  it('does nothing while nobody asks', async () => {
    await ask();
    const looks = reads.length;
    assert.equal(clock.nextTimerMs, undefined);
    await clock.advance(600_000);
    assert.equal(reads.length, looks);
  });

  it('gives up when the asker has gone', async () => {
    const gone = new AbortController();
    const asking = sampler.rates(subjects, gone.signal);
    await clock.advance(0);
    gone.abort();
    await assert.rejects(asking, { name: 'AbortError' });
  });
});
