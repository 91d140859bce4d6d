import assert from 'node:assert/strict';
import { type History, rateOf, remembered } from '../../../../daemon/apiserver/metrics/usage-rate.ts';

const MEMORY = 4096;
const look = (seconds: number, cpuSeconds: number) => ({
  at: 1_000_000 + seconds * 1000,
  cpuNanos: cpuSeconds * 1e9,
  memoryBytes: MEMORY,
});
const historyOf = (...looks: ReturnType<typeof look>[]): History => looks.reduce<History>(remembered, []);

describe('the rate of usage', () => {
  it('is CPU time over the time between two looks, with the memory of the later', () => {
    assert.deepEqual(rateOf(historyOf(look(0, 10)), look(4, 11)), {
      at: 1_004_000,
      windowMs: 4000,
      nanoCores: 250_000_000,
      memoryBytes: MEMORY,
    });
  });

  it('takes two looks', () => {
    assert.equal(rateOf([], look(4, 11)), undefined);
  });

  it('counts from the newest look that leaves a window', () => {
    const history = historyOf(look(0, 0), look(10, 5));
    assert.equal(rateOf(history, look(12, 7))?.nanoCores, 1e9);
    assert.equal(rateOf(history, look(10.1, 5.1))?.windowMs, 10_100);
    assert.equal(rateOf(history, look(10, 5))?.nanoCores, 5e8);
  });

  it('does not count from long ago', () => {
    assert.equal(rateOf(historyOf(look(0, 0)), look(121, 1)), undefined);
  });

  it('counts from the start where that is not long ago, but neither just now', () => {
    assert.equal(rateOf([], look(20, 5), look(0, 0).at)?.nanoCores, 250_000_000);
    assert.equal(rateOf([], look(3, 5), look(0, 0).at), undefined);
    assert.equal(rateOf([], look(200, 5), look(0, 0).at), undefined);
  });

  it('is not told of a count that began anew, until there are two looks at the new one', () => {
    const history = historyOf(look(0, 50), look(5, 51));
    const restarted = look(10, 1);
    assert.equal(rateOf(history, restarted), undefined);
    const anew = remembered(history, restarted);
    assert.deepEqual(anew, [restarted]);
    assert.equal(rateOf(anew, look(12, 2))?.nanoCores, 5e8);
  });

  it('is not told where the clock was set back, until there are two looks by the new time', () => {
    const history = historyOf(look(0, 50), look(5, 51));
    const back = look(-3600, 52);
    assert.equal(rateOf(history, back), undefined);
    assert.deepEqual(remembered(history, back), [back]);
    assert.equal(rateOf([back], look(-3598, 53))?.nanoCores, 5e8);
  });

  it('is not told over a clock that was set far forward', () => {
    const history = historyOf(look(0, 50), look(5, 51));
    const ahead = look(3600, 52);
    assert.equal(rateOf(history, ahead), undefined);
    assert.equal(rateOf(remembered(history, ahead), look(3602, 54))?.nanoCores, 1e9);
  });

  it('remembers two looks, and none that follow at once', () => {
    assert.deepEqual(historyOf(look(0, 0), look(1, 1), look(1.2, 1.2), look(2, 2)), [look(1, 1), look(2, 2)]);
  });
});
