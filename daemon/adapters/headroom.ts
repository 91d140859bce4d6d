/** What this machine has left of memory, disk and process ids, from /proc and the file system; the node tells its pressures by it. */
import { readFileSync, statfsSync } from 'node:fs';
import type { Headroom } from '../../reconcilers/ports/headroom.ts';

/** Undefined where the machine says nothing of it. `dir`: on the file system that is looked at. */
export function readHeadroom(dir: string): Headroom | undefined {
  const read = (name: string) => readFileSync(`/proc/${name}`, 'utf8');
  try {
    const { blocks, bavail, bsize, files, ffree } = statfsSync(dir);
    const most = Math.min(Number(read('sys/kernel/pid_max')), Number(read('sys/kernel/threads-max')));
    const machine = machineHeadroom(read('meminfo'), read('loadavg'), most);
    const disk = { diskBytes: { free: bavail * bsize, of: blocks * bsize }, inodes: { free: ffree, of: files } };
    return machine && { ...machine, ...disk };
  } catch {
    return undefined; // a hardened /proc: a node without this is a node all the same
  }
}

/** Of the texts of those files. Memory is counted as the kubelet counts it: all but the working set. */
export function machineHeadroom(
  meminfo: string,
  loadavg: string,
  mostProcesses: number,
): Pick<Headroom, 'memoryBytes' | 'processes'> | undefined {
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]);
  const memoryBytes = { free: bytes('MemFree') + bytes('Inactive\\(file\\)'), of: bytes('MemTotal') };
  // `0.20 0.18 0.12 1/80 11206`: running, and all that there are.
  const running = Number(/ \d+\/(\d+) /.exec(loadavg)?.[1]);
  if (Number.isNaN(memoryBytes.free + memoryBytes.of + running)) return undefined;
  return { memoryBytes, processes: { free: mostProcesses - running, of: mostProcesses } };
}
