import assert from 'node:assert/strict';
import { KeyedQueue } from '../../../reconcilers/kit/keyed-queue.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

describe('KeyedQueue', () => {
  const clock = new FakeClock();

  it('holds a key once', () => {
    const queue = new KeyedQueue(clock);
    queue.add('a');
    queue.add('a');
    assert.equal(queue.take(), 'a');
    assert.equal(queue.take(), undefined);
  });

  it('never gives a key to two workers, and gives it again when it was added meanwhile', () => {
    const queue = new KeyedQueue(clock);
    queue.add('a');
    assert.equal(queue.take(), 'a');
    queue.add('a');
    assert.equal(queue.take(), undefined);
    assert.equal(queue.isDirty('a'), true);
    assert.equal(queue.done('a'), true);
    assert.equal(queue.take(), 'a');
    assert.equal(queue.done('a'), false);
    assert.equal(queue.take(), undefined);
  });

  it('takes fresh keys before retries', () => {
    const queue = new KeyedQueue(clock);
    queue.add('retried', 'retry');
    queue.add('fresh');
    assert.deepEqual([queue.take(), queue.take()], ['fresh', 'retried']);
  });

  it('lets the earliest of several delays win', async () => {
    const queue = new KeyedQueue(clock);
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    assert.equal(queue.take(), undefined);
    await clock.advance(1);
    assert.equal(queue.take(), 'a');
    queue.done('a');
    await clock.advance(1_000);
    assert.equal(queue.take(), undefined);
  });

  it('drops the delay of a key that is added at once', async () => {
    const queue = new KeyedQueue(clock);
    queue.addAfter('a', 100, 'retry');
    queue.add('a');
    assert.equal(queue.take(), 'a');
    queue.done('a');
    await clock.advance(200);
    assert.equal(queue.take(), undefined);
  });
});
