/**
 * The route that keeps the service range on this machine: to an interface of its own from which nothing leaves. Packets are
 * translated or refused before they get there. Without it the host could reach no Service unless it has a default route (a laptop
 * offline has none), and packets would leave by the default route while the rules are missing. Not to the pods' bridge: the kernel
 * would tell pods, by ICMP redirects, to look for Services there; not to `lo`: it would not refuse UDP. The nftables filter calls it.
 */
import { readFile } from 'node:fs/promises';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import { runCommand } from '../command.ts';

/** A bridge without ports: any kernel that runs Docker has that type, not all have `dummy`. */
const DEVICE = 'sampan-services';

export async function hasServiceRoute(serviceCidr: string): Promise<boolean> {
  return (await readRoutes()).some(({ destination }) => destination === serviceCidr);
}

/** Replaces the route of an earlier range. Somebody else's route to the very range stays. */
export async function ensureServiceRoute(serviceCidr: string): Promise<void> {
  const routes = await readRoutes();
  const stale = routes.filter(({ device, destination }) => device === DEVICE && destination !== serviceCidr);
  for (const { destination } of stale) await ip(['route', 'del', destination, 'dev', DEVICE]);
  if (routes.some(({ destination }) => destination === serviceCidr)) return;
  await ip(['link', 'add', DEVICE, 'type', 'bridge'], 'File exists');
  await ip(['link', 'set', DEVICE, 'up']);
  await ip(['route', 'add', serviceCidr, 'dev', DEVICE], 'File exists');
}

/** The route goes with its interface. */
export async function removeServiceRoute(): Promise<void> {
  await ip(['link', 'del', DEVICE], 'Cannot find device');
}

async function ip(args: readonly string[], harmless?: string): Promise<void> {
  const result = await runCommand('ip', ['-4', ...args]);
  if (result.code === 0 || (harmless !== undefined && result.stderr.includes(harmless))) return;
  throw new SampanError('PacketFilterFailed', { detail: `ip ${args.join(' ')}: ${result.stderr.trim()}` });
}

interface Route {
  readonly device: string;
  /** A CIDR block. */
  readonly destination: string;
}

/** /proc/net/route has hexadecimal numbers in the machine's byte order, which is little-endian here. */
async function readRoutes(): Promise<Route[]> {
  const [, ...lines] = (await readFile('/proc/net/route', 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const [device = '', destination = '', , , , , , mask = ''] = line.split('\t');
    const address = Buffer.from(destination, 'hex').reverse().join('.');
    const length = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
    return { device, destination: `${address}/${length}` };
  });
}
