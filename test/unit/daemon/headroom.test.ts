import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { machineHeadroom, readHeadroom } from '../../../daemon/adapters/headroom.ts';

const MEMINFO =
  'MemTotal:        1000 kB\nMemFree:          300 kB\nInactive:        250 kB\nInactive(file):  200 kB\n';

describe('what the machine has left', () => {
  it('is the memory beside the working set, and the process ids that nobody has', () => {
    assert.deepEqual(machineHeadroom(MEMINFO, '0.20 0.18 0.12 1/80 11206\n', 32_768), {
      memoryBytes: { free: 500 * 1024, of: 1_000 * 1024 },
      processes: { free: 32_688, of: 32_768 },
    });
  });

  it('is not known where the kernel does not tell', () => {
    assert.equal(machineHeadroom('', '0.20 0.18 0.12 1/80 11206', 32_768), undefined);
    assert.equal(machineHeadroom(MEMINFO, '', 32_768), undefined);
    assert.equal(readHeadroom('/nowhere'), undefined);
  });

  it('is read on this machine', () => {
    const left = readHeadroom(tmpdir());
    assert.ok(left);
    for (const { free, of } of [left.memoryBytes, left.diskBytes, left.processes]) assert.ok(free > 0 && free < of);
  });
});
