/**
 * What this machine says of itself: identifiers, addresses, the size of its disk, read once, when the daemon starts; and what it has
 * used, read when somebody asks.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { leastOomScoreAdj } from '../../reconcilers/kubelet/oom-limit.ts';
import type { ResourceUsage } from '../../reconcilers/ports/container-runtime.ts';

/** The kernel's USER_HZ, the same on all architectures that Docker runs on. */
const NANOS_PER_TICK = 10_000_000;

export interface Machine {
  readonly hostname: string;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  /** Of this process; that of Docker on the same machine is taken to be the same. */
  readonly leastOomScoreAdj: number;
  /** Whether the kernel has AppArmor, and it is on. */
  readonly hasAppArmor: boolean;
  /** Of the file system that holds `dir`. */
  readonly diskBytes: number;
  /** As os.networkInterfaces() gives them, and the text of /proc/net/route ('' where there is none). */
  readonly interfaces: ReturnType<typeof networkInterfaces>;
  readonly routes: string;
}

export function readMachine(dir: string): Machine {
  const machineID = read('/etc/machine-id');
  const { blocks, bsize } = statfsSync(dir);
  return {
    hostname: hostname(),
    machineID,
    systemUUID: read('/sys/class/dmi/id/product_uuid') || machineID,
    bootID: read('/proc/sys/kernel/random/boot_id'),
    leastOomScoreAdj: leastOomScoreAdj(read('/proc/self/status'), read('/proc/self/oom_score_adj')),
    hasAppArmor: read('/sys/module/apparmor/parameters/enabled') === 'Y',
    diskBytes: blocks * bsize,
    interfaces: networkInterfaces(),
    routes: read('/proc/net/route'),
  };
}

/** What the whole machine has used, the daemon and everything beside the pods included. */
export function readMachineUsage(): ResourceUsage | undefined {
  return machineUsage(read('/proc/stat'), read('/proc/meminfo'), Date.now());
}

/** Of the texts of those files: CPU time since the boot, and the working set as the kubelet counts it. */
export function machineUsage(stat: string, meminfo: string, at: number): ResourceUsage | undefined {
  const ticks = /^cpu +(.+)$/m.exec(stat)?.[1]?.split(' ').map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks ?? [];
  const kibibytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]);
  const memory = kibibytes('MemTotal') - kibibytes('MemFree') - kibibytes('Inactive\\(file\\)');
  if (ticks === undefined || Number.isNaN(memory)) return undefined;
  return { at, cpuNanos: (user + nice + system + irq + softirq) * NANOS_PER_TICK, memoryBytes: memory * 1024 };
}

/** '' where the file is missing or for root only. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
