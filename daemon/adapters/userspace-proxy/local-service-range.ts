/**
 * Makes every address of the service range one of this machine, so that the userspace proxy can listen on cluster addresses and
 * the kernel refuses the unused ones. One route in the table `local`; needs root. The userspace proxy calls it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Marks the route as ours: a routing protocol number that nobody registered in /etc/iproute2/rt_protos. */
const PROTOCOL = '139';

/** Throws what `ip` says where it may not. */
export async function addLocalServiceRange(serviceCidr: string): Promise<void> {
  await run('ip', ['-4', 'route', 'replace', 'local', serviceCidr, 'dev', 'lo', 'proto', PROTOCOL]);
}

/** Harmless where there is none. */
export async function removeLocalServiceRanges(): Promise<void> {
  await run('ip', ['-4', 'route', 'flush', 'table', 'local', 'proto', PROTOCOL]);
}
