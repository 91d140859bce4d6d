/**
 * Which of the machine's addresses is the node's: where the default route leaves, else the first that leads anywhere. Pure; the
 * daemon's assembly asks it unless a flag names the address.
 */
import type { NetworkInterfaceInfo } from 'node:os';

/** Bridges and pairs that container engines make. */
const VIRTUAL = /^(docker|br-|veth|virbr|cni|flannel|sampan)/;

/** `interfaces` of os.networkInterfaces(), `routes` the text of /proc/net/route ('' where there is none). IPv4 only. */
export function chooseNodeAddress(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
  routes: string,
): string {
  const addressOf = (name: string) =>
    interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const names = Object.keys(interfaces);
  const candidates = [...defaultRouteInterfaces(routes), ...names.filter((name) => !VIRTUAL.test(name)), ...names];
  return candidates.map(addressOf).find((address) => address !== undefined) ?? '127.0.0.1';
}

/** Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask; the cheapest first. */
function defaultRouteInterfaces(routes: string): string[] {
  return routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1] === '00000000' && columns[7] === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))
    .flatMap(([name]) => name ?? []);
}
