/** What this machine says of itself: identifiers, addresses, the size of its disk. Read once, when the daemon starts. */
import { readFileSync, statfsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { leastOomScoreAdj } from '../../reconcilers/kubelet/oom-limit.ts';

export interface Machine {
  readonly hostname: string;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  /** Of this process; that of Docker on the same machine is taken to be the same. */
  readonly leastOomScoreAdj: number;
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
    diskBytes: blocks * bsize,
    interfaces: networkInterfaces(),
    routes: read('/proc/net/route'),
  };
}

/** '' where the file is missing or for root only. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
