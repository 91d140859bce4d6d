/**
 * Lets the ports of the pods' bridge send a packet back where it came from. With br_netfilter the kernel bridges what is
 * translated to a pod of the same bridge, and without hairpin mode on its port a pod would never reach itself through its own
 * Service; Docker sets the mode only where its userland proxy is off. The nftables filter calls it when new endpoints came.
 */
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import { isNotInstalled, runCommand } from '../command.ts';

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

function failure(stderr: string): SampanError {
  return new SampanError('PacketFilterFailed', { detail: `hairpin mode of the bridge's ports: ${stderr.trim()}` });
}
