import assert from 'node:assert/strict';
import { machineUsage, readMachineUsage } from '../../../daemon/adapters/machine.ts';

const STAT = 'cpu  100 10 50 9000 400 5 15 7 30 0\ncpu0 100 10 50 9000 400 5 15 7 30 0\nintr 1 2 3\n';
const MEMINFO =
  'MemTotal:        1000 kB\nMemFree:          300 kB\nInactive:        250 kB\nInactive(anon):   50 kB\nInactive(file):  200 kB\n';

describe("the machine's usage", () => {
  it('is the time its processors did not idle, and the memory that cannot be taken back at once', () => {
    assert.deepEqual(machineUsage(STAT, MEMINFO, 5), {
      at: 5,
      cpuNanos: (100 + 10 + 50 + 5 + 15) * 10_000_000,
      memoryBytes: 500 * 1024,
    });
  });

  it('is not known where the kernel does not tell', () => {
    assert.equal(machineUsage('', '', 5), undefined);
    assert.equal(machineUsage('', MEMINFO, 5), undefined);
  });

  it('is read on this machine', () => {
    const usage = readMachineUsage();
    assert.ok(usage && usage.cpuNanos > 0 && usage.memoryBytes > 0 && Math.abs(usage.at - Date.now()) < 60_000);
  });
});
