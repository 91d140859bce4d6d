/** When a node is under pressure, and for how long it says so. */
import assert from 'node:assert/strict';
import { withPressures } from '../../../reconcilers/node-status/pressure.ts';
import type { NodeCondition } from '../../../reconcilers/objects/cluster.ts';
import type { Headroom } from '../../../reconcilers/ports/headroom.ts';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-01-02T03:00:00Z');
const PLENTY: Headroom = {
  memoryBytes: { free: 2 ** 30, of: 2 ** 32 },
  diskBytes: { free: 50, of: 100 },
  inodes: { free: 50, of: 100 },
  processes: { free: 30_000, of: 32_768 },
};

const told = (conditions: readonly NodeCondition[]) =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
const at = (headroom: Partial<Headroom>, stored: readonly NodeCondition[] = [], now = START) =>
  withPressures(stored, { ...PLENTY, ...headroom }, now);

describe('the pressures of a node', () => {
  it('are none where there is plenty', () => {
    assert.deepEqual(told(at({})), {
      MemoryPressure: 'False KubeletHasSufficientMemory',
      DiskPressure: 'False KubeletHasNoDiskPressure',
      PIDPressure: 'False KubeletHasSufficientPID',
    });
  });

  for (const [what, left, type, reason] of [
    ['memory', { memoryBytes: { free: 99 * 2 ** 20, of: 2 ** 32 } }, 'MemoryPressure', 'KubeletHasInsufficientMemory'],
    ['room on the disk', { diskBytes: { free: 9, of: 100 } }, 'DiskPressure', 'KubeletHasDiskPressure'],
    ['inodes', { inodes: { free: 4, of: 100 } }, 'DiskPressure', 'KubeletHasDiskPressure'],
    ['process ids', { processes: { free: 1_000, of: 32_768 } }, 'PIDPressure', 'KubeletHasInsufficientPID'],
  ] as const) {
    it(`are told of, each alone, where ${what} run out`, () => {
      assert.deepEqual(told(at(left)), { ...told(at({})), [type]: `True ${reason}` });
    });
  }

  it('are none of the inodes where the file system counts none', () => {
    assert.deepEqual(told(at({ inodes: { free: 0, of: 0 } })), told(at({})));
  });

  it('last five minutes at least, with the time at which they came', () => {
    const under = at({ diskBytes: { free: 1, of: 100 } });
    assert.equal(under.find(({ type }) => type === 'DiskPressure')?.lastTransitionTime, '2026-01-02T03:00:00Z');
    assert.deepEqual(at({}, under, START + 4 * MINUTE_MS), under);
    const over = at({}, under, START + 5 * MINUTE_MS);
    assert.equal(told(over).DiskPressure, 'False KubeletHasNoDiskPressure');
    assert.equal(over.find(({ type }) => type === 'DiskPressure')?.lastTransitionTime, '2026-01-02T03:05:00Z');
  });

  it('stay as they are stored where the machine does not tell', () => {
    const stored = at({});
    assert.equal(withPressures(stored, undefined, START), stored);
  });
});
