/**
 * The route that sends the service range towards the pods' bridge. Without it the host could reach no Service unless it has a
 * default route (a laptop offline has none), and would send from an address of that route's interface. Nothing ever travels it:
 * packets are translated or refused first. The nftables filter calls it.
 */
import { readFile } from 'node:fs/promises';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { runCommand } from './command.ts';

/** Marks the route as ours: a routing protocol number that nobody registered in /etc/iproute2/rt_protos. */
const PROTOCOL = '139';

export async function hasServiceRoute(serviceCidr: string, bridge: string): Promise<boolean> {
  const routes = await readRoutes();
  return !isUp(routes, bridge) || routes.some((route) => route.destination === serviceCidr);
}

/** A bridge that is missing or down is left for the next time; somebody else's route to the very range stays. */
export async function ensureServiceRoute(serviceCidr: string, bridge: string): Promise<void> {
  if (await hasServiceRoute(serviceCidr, bridge)) return;
  const result = await runCommand('ip', ['-4', 'route', 'add', serviceCidr, 'dev', bridge, 'proto', PROTOCOL]);
  if (result.code === 0 || result.stderr.includes('File exists')) return;
  throw new SampanError('PacketFilterFailed', { detail: `ip route add ${serviceCidr}: ${result.stderr.trim()}` });
}

/** Removes the route of this and of any earlier range but `keep`. */
export async function removeServiceRoutes(keep?: string): Promise<void> {
  const listed = await runCommand('ip', ['-4', '-o', 'route', 'show', 'proto', PROTOCOL]);
  for (const line of listed.stdout.split('\n')) {
    const [destination = ''] = line.split(' ');
    if (destination !== '' && destination !== keep) {
      await runCommand('ip', ['-4', 'route', 'del', destination, 'proto', PROTOCOL]);
    }
  }
}

interface Route {
  readonly device: string;
  readonly destination: string;
}

/** /proc/net/route shows addresses as hexadecimal numbers in the machine's byte order, which is little-endian here. */
async function readRoutes(): Promise<Route[]> {
  const [, ...lines] = (await readFile('/proc/net/route', 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const [device = '', destination = '', , , , , , mask = ''] = line.split('\t');
    const address = Buffer.from(destination, 'hex').reverse().join('.');
    const length = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
    return { device, destination: `${address}/${length}` };
  });
}

/** An interface with an address has a route while it is up. */
function isUp(routes: readonly Route[], device: string): boolean {
  return routes.some((route) => route.device === device);
}
