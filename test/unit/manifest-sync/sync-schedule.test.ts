/** Intervals and cron expressions of `--sync-interval`. */
import assert from 'node:assert/strict';
import { parseSyncSchedule } from '../../../daemon/adapters/sync-schedule.ts';

describe('sync schedule', () => {
  for (const [text, ms] of Object.entries({
    '30s': 30_000,
    '5m': 300_000,
    '1h30m': 5_400_000,
    '250ms': 250,
    ' 1.5s ': 1_500,
  })) {
    it(`reads the interval "${text}"`, async () => assert.equal((await parseSyncSchedule(text)).nextMs(), ms));
  }

  it('waits for the next run of a cron expression', async () => {
    const schedule = await parseSyncSchedule('*/5 * * * *');
    const at = new Date(Math.round((Date.now() + schedule.nextMs()) / 1_000) * 1_000);
    assert.ok(schedule.nextMs() <= 300_000);
    assert.equal(at.getMinutes() % 5, 0, at.toISOString());
    assert.equal(at.getSeconds(), 0, at.toISOString());
    assert.ok((await parseSyncSchedule('*/2 * * * * *')).nextMs() <= 2_000);
  });

  for (const text of ['', '30', 'often', '0s', '-5s', '5 parsecs', '61 * * * *', '* * *']) {
    it(`refuses "${text}"`, () =>
      assert.rejects(() => parseSyncSchedule(text), /sync interval ".*": expected an interval such as 30s/));
  }
});
