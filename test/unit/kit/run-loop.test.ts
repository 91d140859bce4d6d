import assert from 'node:assert/strict';
import type { Loop, Plan } from '../../../reconcilers/kit/reconciler.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock, settle } from '../../fakes/fake-clock.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';

const KEY: ObjectKey = { namespace: 'default', name: 'web' };

/** A loop that moves a number to its wish one step at a time; its moving parts can be replaced by a test. */
class Counter implements Loop<number, number, { kind: 'step'; to: number }> {
  wish = 3;
  value = 0;
  readonly steps: number[] = [];
  execute: (to: number, signal: AbortSignal) => Promise<void> = async (to) => {
    this.value = to;
  };
  plan: (desired: number, observed: number) => Plan<{ kind: 'step'; to: number }> = (desired, observed) => ({
    actions: desired === observed ? [] : [{ kind: 'step', to: observed + 1 }],
    because: `${observed} of ${desired}`,
  });

  readonly reconciler = {
    name: 'counter',
    observe: async () => ({ desired: this.wish, observed: this.value }),
    plan: (desired: number | undefined, observed: number) => this.plan(desired ?? 0, observed),
    execute: async (action: { kind: 'step'; to: number }, signal: AbortSignal) => {
      this.steps.push(action.to);
      await this.execute(action.to, signal);
    },
  };

  allKeys() {
    return [KEY];
  }

  keysFor() {
    return [{ key: KEY, supersedes: true }];
  }
}

function start(loop: Counter, stop = new AbortController()) {
  const clock = new FakeClock();
  const log = new CollectedLog();
  let notify: () => void = () => {};
  const cache = {
    subscribe(listener: (change: ObjectChange) => void) {
      notify = () => listener({} as ObjectChange);
      return () => {};
    },
  };
  const runLoop = new RunLoop(loop, { cache, clock, log, random: new SeededRandom() });
  const ended = runLoop.run(stop.signal);
  return {
    runLoop,
    clock,
    log,
    notify: () => notify(),
    end: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('RunLoop', () => {
  it('looks again until the plan is empty, and logs one line per action', async () => {
    const loop = new Counter();
    const { runLoop, log, end } = start(loop);
    await settle();
    assert.deepEqual(loop.steps, [1, 2, 3]);
    assert.equal(runLoop.explain(KEY)?.because, '3 of 3');
    assert.equal(log.lines.filter(({ level }) => level === 'info').length, 3);
    await end();
  });

  it('begins nothing, and ends, when it was stopped before', async () => {
    const loop = new Counter();
    const untilAborted = (_: unknown, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const stop = new AbortController();
    stop.abort();
    await start(Object.assign(loop, { watchOutside: untilAborted }), stop).end();
    assert.deepEqual(loop.steps, []);
  });

  it('is silent when settled', async () => {
    const loop = new Counter();
    loop.value = 3;
    const { log, clock, end } = start(loop);
    await clock.advance(3_600_000);
    assert.deepEqual(log.lines, []);
    await end();
  });

  it('fails when the same plan comes twice and nothing changed, with back-off', async () => {
    const loop = new Counter();
    loop.execute = async () => {};
    const { runLoop, clock, end } = start(loop);
    await settle();
    assert.deepEqual(loop.steps, [1]);
    assert.match(runLoop.explain(KEY)?.error ?? '', /planned the same 1 action\(s\) twice/);
    await clock.advance(100);
    assert.deepEqual(loop.steps, [1, 1]);
    await end();
  });

  it('tries a retryable error again, later each time', async () => {
    const loop = new Counter();
    loop.execute = async () => {
      throw new SampanError('RuntimeUnavailable', { endpoint: 'x', detail: 'y' });
    };
    const { runLoop, clock, end } = start(loop);
    await clock.advance(10_000);
    const early = loop.steps.length;
    assert.ok(early >= 5 && early <= 10, `${early} attempts in 10 s`);
    assert.equal(runLoop.explain(KEY)?.failures, early);
    loop.execute = async (to) => {
      loop.value = to;
    };
    await clock.advance(60_000);
    assert.equal(loop.value, 3);
    assert.equal(runLoop.explain(KEY)?.error, undefined);
    await end();
  });

  it('goes on within seconds of the end of an outage of the store, however long it was, and says it once', async () => {
    const loop = new Counter();
    loop.execute = async () => {
      throw new SampanError('StoreUnavailable', { endpoint: 'x', detail: 'y' });
    };
    const { clock, log, end } = start(loop);
    await clock.advance(600_000);
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
    loop.execute = async (to) => {
      loop.value = to;
    };
    await clock.advance(2_500);
    assert.equal(loop.value, 3);
    await end();
  });

  it('waits for a change after an error that trying again cannot mend', async () => {
    const loop = new Counter();
    loop.execute = async () => {
      throw new SampanError('Invalid', { kind: 'Pod', name: 'web', detail: 'no' });
    };
    const { clock, notify, end } = start(loop);
    await clock.advance(300_000);
    assert.equal(loop.steps.length, 1);
    notify();
    await settle();
    assert.equal(loop.steps.length, 2);
    await end();
  });

  it('calls an attempt off when a new version supersedes it', async () => {
    const loop = new Counter();
    let aborted = 0;
    loop.execute = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted += 1;
          reject(signal.reason);
        });
      });
    const { notify, end } = start(loop);
    await settle();
    loop.execute = async (to) => {
      loop.value = to;
    };
    notify();
    await settle();
    assert.equal(aborted, 1);
    assert.equal(loop.value, 3);
    await end();
  });

  it('looks again when the plan asks for it', async () => {
    const loop = new Counter();
    let looked = 0;
    loop.plan = () => {
      looked += 1;
      return { actions: [], because: 'waiting', checkAgainAfterMs: 1_000 };
    };
    const { clock, end } = start(loop);
    await clock.advance(3_500);
    assert.equal(looked, 4);
    await end();
  });
});
