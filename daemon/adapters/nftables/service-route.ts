/**
 * The route that keeps the service range on this machine: to `lo`, where nothing arrives, since packets are translated or refused
 * first. Without it the host could reach no Service unless it has a default route (a laptop offline has none), and packets would
 * leave by the default route while the rules are missing. Not to the pods' bridge: the kernel would tell pods, by ICMP redirects,
 * to look for Services there. The nftables filter calls it.
 */
import { readFile } from 'node:fs/promises';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { runCommand } from './command.ts';

/** Marks the route as ours: a routing protocol number that nobody registered in /etc/iproute2/rt_protos. */
const PROTOCOL = '139';
/** As the path behind the translation has it; lo's own would be 65536. */
const MTU = '1500';

export async function hasServiceRoute(serviceCidr: string): Promise<boolean> {
  return (await readDestinations()).includes(serviceCidr);
}

/** Somebody else's route to the very range stays. */
export async function ensureServiceRoute(serviceCidr: string): Promise<void> {
  if (await hasServiceRoute(serviceCidr)) return;
  const result = await runCommand('ip', [
    '-4',
    'route',
    'add',
    serviceCidr,
    'dev',
    'lo',
    'proto',
    PROTOCOL,
    'mtu',
    MTU,
  ]);
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

/** As CIDR blocks. /proc/net/route has hexadecimal numbers in the machine's byte order, which is little-endian here. */
async function readDestinations(): Promise<string[]> {
  const [, ...lines] = (await readFile('/proc/net/route', 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const [, destination = '', , , , , , mask = ''] = line.split('\t');
    const address = Buffer.from(destination, 'hex').reverse().join('.');
    const length = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
    return `${address}/${length}`;
  });
}
