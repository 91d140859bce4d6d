/** What processes of this machine have cost so far, as the kernel counts it. Read by the benchmarks that measure cost at rest and at scale. */
import { readFileSync } from 'node:fs';

/** USER_HZ: Linux gives user programs no other. */
const TICKS_PER_SECOND = 100;

/** User and system time, with that of children that have ended: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. */
export function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  });
  return ticks.reduce((total, count) => total + count, 0) / TICKS_PER_SECOND;
}

export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
