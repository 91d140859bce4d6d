/**
 * Lets the ports of the pods' bridge send a packet back where it came from. With br_netfilter the kernel bridges what is
 * translated to a pod of the same bridge, and without hairpin mode on its port a pod would never reach itself through its own
 * Service; Docker sets the mode only where its userland proxy is off. The nftables filter calls it when new endpoints came, and when a pod
 * that was an endpoint all the time came back with the address it had (after a restart of the machine).
 */
import { messageOf, SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../../reconcilers/ports/log.ts';
import { isNotInstalled, runCommand } from '../command.ts';
import { inBursts, keepMonitor } from '../monitor-process.ts';

interface BridgePort {
  readonly ifname: string;
  readonly master?: string;
  readonly hairpin?: boolean;
}

/** A bridge that does not exist yet has no ports. The modes go with their ports. */
export async function ensureHairpinPorts(bridge: string): Promise<void> {
  const listed = await runCommand('bridge', ['-j', '-d', 'link', 'show']);
  if (isNotInstalled(listed)) throw failure(listed.stderr);
  const ports = JSON.parse(listed.stdout || '[]') as BridgePort[];
  const names = ports
    .filter(({ master, hairpin }) => master === bridge && hairpin !== true)
    .map(({ ifname }) => ifname);
  if (names.length === 0) return;
  const commands = names.map((name) => `link set dev ${name} hairpin on\n`).join('');
  const result = await runCommand('bridge', ['-force', '-batch', '-'], commands);
  // A port may have gone meanwhile, its pod with it.
  if (result.code !== 0 && !result.stderr.includes('Cannot find device')) throw failure(result.stderr);
}

/** Calls it for each port that comes, until `signal` aborts. Never rejects. */
export async function keepHairpinPorts(bridge: string, log: Log, signal: AbortSignal): Promise<void> {
  const read = (doubt: () => void) => async (lines: AsyncIterable<string>) => {
    for await (const line of lines) if (line.includes(` master ${bridge} `) && line.includes('LOWER_UP')) doubt();
  };
  const watch = (doubt: () => void, until: AbortSignal) =>
    keepMonitor({ command: ['ip', '-o', 'monitor', 'link'], read: read(doubt), onReady: doubt }, log, until);
  for await (const _ of inBursts(watch, signal)) {
    await ensureHairpinPorts(bridge).catch((error: unknown) => {
      log.error('a pod may not reach itself through its Service', { error: messageOf(error) });
    });
  }
}

function failure(stderr: string): SampanError {
  return new SampanError('PacketFilterFailed', { detail: `hairpin mode of the bridge's ports: ${stderr.trim()}` });
}
