/**
 * The kernel settings that translated traffic needs. The nftables filter puts them before each change of rules: a few reads of
 * /proc, a write where one differs. Only the one on its own bridge is taken back by the filter's removal; docs/decisions/0005 says why.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import { runCommand } from '../command.ts';

const SYSCTL = '/proc/sys/net';
const FORWARDING = 'ipv4/ip_forward';
const BRIDGE_FILTERING = 'bridge/bridge-nf-call-iptables';

const localRouting = (bridge: string) => `ipv4/conf/${bridge}/route_localnet`;

/** Without it this machine passes nothing on. */
export async function ensureForwarding(): Promise<void> {
  const forwarding = await set(FORWARDING, '1');
  if (!forwarding) throw new SampanError('PacketFilterFailed', { detail: `sysctl net/${FORWARDING} cannot be read` });
}

/** A bridge that does not exist yet is left for the next time. */
export async function ensureKernelSettings(bridge: string): Promise<void> {
  await ensureForwarding();
  await set(localRouting(bridge), '1');
  await set(BRIDGE_FILTERING, '1');
}

/**
 * Makes packets between two ports of a bridge pass the ip hooks, so that a reply from pod to pod is translated back. Answers
 * whether they do: the kernel module br_netfilter may be missing.
 */
export async function enableBridgeFiltering(): Promise<boolean> {
  if (await set(BRIDGE_FILTERING, '1')) return true;
  return (await runCommand('modprobe', ['br_netfilter'])).code === 0 && (await set(BRIDGE_FILTERING, '1'));
}

export async function areKernelSettingsRight(bridge: string): Promise<boolean> {
  const values = await Promise.all([FORWARDING, localRouting(bridge), BRIDGE_FILTERING].map(read));
  return values.every((value) => value === '1' || value === undefined);
}

export async function resetKernelSettings(bridge: string): Promise<void> {
  await set(localRouting(bridge), '0');
}

/** Answers whether the kernel has the setting. */
async function set(name: string, wanted: string): Promise<boolean> {
  const value = await read(name);
  if (value === undefined || value === wanted) return value !== undefined;
  try {
    await writeFile(`${SYSCTL}/${name}`, wanted);
  } catch (cause) {
    throw new SampanError('PacketFilterFailed', { detail: `sysctl net/${name} cannot be set to ${wanted}` }, cause);
  }
  return true;
}

async function read(name: string): Promise<string | undefined> {
  try {
    return (await readFile(`${SYSCTL}/${name}`, 'utf8')).trim();
  } catch {
    return undefined;
  }
}
