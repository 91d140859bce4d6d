/**
 * Makes the addresses of Services this machine's own, so that the userspace proxy can listen on them and the kernel refuses those of
 * the service range that nobody listens on. Routes in the table `local`; they need root. The userspace proxy keeps one.
 */
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Marks the routes as ours: a routing protocol number that nobody registered in /etc/iproute2/rt_protos. */
const PROTOCOL = '139';

export class LocalAddresses {
  readonly #claimed = new Set<string>();

  /** `destinations`: CIDR blocks or addresses, all that are wanted. Throws what `ip` says where it may not. */
  async claim(destinations: readonly string[]): Promise<void> {
    const wanted = new Set(destinations.filter((each) => !isOwnAddress(each)));
    for (const each of wanted) {
      if (this.#claimed.has(each)) continue;
      await ip('route', 'replace', 'local', each, 'dev', 'lo', 'proto', PROTOCOL);
      this.#claimed.add(each);
    }
    for (const each of this.#claimed) {
      if (wanted.has(each)) continue;
      await ip('route', 'del', 'local', each, 'dev', 'lo', 'proto', PROTOCOL).catch(() => undefined);
      this.#claimed.delete(each);
    }
  }

  /** Those of an earlier process too. Harmless where there are none. */
  async removeAll(): Promise<void> {
    this.#claimed.clear();
    await ip('route', 'flush', 'table', 'local', 'proto', PROTOCOL);
  }
}

/** Whether an interface of this machine has it: then its route is not ours to replace. */
export function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((own) => own.address === address));
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', ['-4', ...args]);
}
