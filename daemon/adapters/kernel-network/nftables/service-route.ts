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

/** `Command failed` only counts the lines, after each sentence of its own. */
const HARMLESS = /^RTNETLINK answers: (File exists|No such process)$|^Cannot find device|^Command failed -:\d+$/;

export async function hasServiceRoute(serviceCidr: string): Promise<boolean> {
  return (await readRoutes()).some(({ destination }) => destination === serviceCidr);
}

/** Replaces the route of an earlier range. Somebody else's route to the very range stays. */
export async function ensureServiceRoute(serviceCidr: string): Promise<void> {
  const routes = await readRoutes();
  const stale = routes.filter(({ device, destination }) => device === DEVICE && destination !== serviceCidr);
  const isThere = routes.some(({ destination }) => destination === serviceCidr);
  await ip([
    ...stale.map(({ destination }) => `route del ${destination} dev ${DEVICE}`),
    ...(isThere
      ? []
      : [`link add ${DEVICE} type bridge`, `link set ${DEVICE} up`, `route add ${serviceCidr} dev ${DEVICE}`]),
  ]);
}

/** The route goes with its interface. */
export async function removeServiceRoute(): Promise<void> {
  await ip([`link del ${DEVICE}`]);
}

/** All in one process, in order. What is there already may be there, what is to go may be gone. */
async function ip(commands: readonly string[]): Promise<void> {
  if (commands.length === 0) return;
  const { code, stderr } = await runCommand('ip', ['-4', '-force', '-batch', '-'], `${commands.join('\n')}\n`);
  if (code === 0) return;
  const complaints = stderr.split('\n').filter((line) => line !== '' && !HARMLESS.test(line));
  if (complaints.length === 0) return;
  throw new SampanError('PacketFilterFailed', { detail: `ip ${commands.join('; ')}: ${complaints.join('; ')}` });
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
