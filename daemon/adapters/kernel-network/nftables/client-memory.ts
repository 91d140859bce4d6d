/**
 * Which endpoint each client was given, of Services that want their clients to stay: the map `clients`, which the kernel fills and
 * empties by itself. The nftables filter reads it to forget endpoints that went, and to carry the rest over where the table is made
 * anew (a daemon that starts). Few Services want it, so it is read only when theirs change.
 */
import type { RoutingTable, ServiceRoute } from '../../../../reconcilers/ports/packet-filter.ts';
import { runCommand } from '../command.ts';
import { TABLE } from './table-name.ts';
import { endpointsAt, waysOf } from './ways.ts';

export const CLIENTS = 'clients';

export interface ClientMemory {
  readonly client: string;
  /** What it called. */
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
  /** `10.244.0.2:8000` */
  readonly endpoint: string;
  readonly timeoutSeconds: number;
  readonly expiresSeconds: number;
}

/** Empty where there is no such table yet, or one of an older version. */
export async function readClients(): Promise<ClientMemory[]> {
  const listed = await runCommand('nft', ['-j', '-n', 'list', 'map', ...TABLE.split(' '), CLIENTS]);
  return listed.code === 0 ? parseClients(listed.stdout) : [];
}

interface ListedMap {
  readonly map?: { readonly elem?: readonly (readonly [ListedKey, { readonly concat: readonly [string, number] }])[] };
}

interface ListedKey {
  readonly elem: {
    readonly val: { readonly concat: readonly [string, string, string | number, number] };
    readonly timeout?: number;
    readonly expires?: number;
  };
}

/** Of what `nft -j list map` prints. */
export function parseClients(text: string): ClientMemory[] {
  const { nftables } = JSON.parse(text) as { nftables: readonly ListedMap[] };
  return nftables.flatMap(({ map }) =>
    (map?.elem ?? []).map(([{ elem }, { concat: endpoint }]) => {
      const [client, address, protocol, port] = elem.val.concat;
      return {
        client,
        address,
        protocol: PROTOCOL_NAMES.get(protocol) ?? String(protocol),
        port,
        endpoint: endpoint.join(':'),
        timeoutSeconds: elem.timeout ?? 0,
        expiresSeconds: elem.expires ?? 0,
      };
    }),
  );
}

/** With `-n`, nft prints numbers. */
const PROTOCOL_NAMES = new Map<string | number, string>([
  [6, 'tcp'],
  [17, 'udp'],
]);

/** Splits them by whether `table` still leads the client there. */
export function sortOut(clients: readonly ClientMemory[], { routes }: RoutingTable) {
  const endpoints = endpointsAt(routes.filter(wantsMemory));
  const isValid = ({ address, protocol, port, endpoint }: ClientMemory) =>
    endpoints(address, protocol, port)?.has(endpoint) === true;
  return { valid: clients.filter(isValid), stale: clients.filter((memory) => !isValid(memory)) };
}

/** Whether a client may be remembered with an endpoint that its Service has no more. */
export function losesAffinity(previous: RoutingTable, next: RoutingTable): boolean {
  const kept = new Set(next.routes);
  const before = previous.routes.filter((route) => wantsMemory(route) && !kept.has(route));
  if (before.length === 0) return false;
  const now = new Set(next.routes.filter(wantsMemory).flatMap(waysOf));
  return before.flatMap(waysOf).some((way) => !now.has(way));
}

function wantsMemory({ affinitySeconds }: ServiceRoute): boolean {
  return affinitySeconds !== undefined;
}

export function renderClients(clients: readonly ClientMemory[]): string {
  return elements('add', clients, ({ timeoutSeconds, expiresSeconds, endpoint }) => {
    const times = `timeout ${timeoutSeconds}s expires ${Math.max(1, expiresSeconds)}s`;
    return ` ${times} : ${endpoint.replace(':', ' . ')}`;
  });
}

/** One command each: an element may time out meanwhile, and nft would then do none of them. */
export async function forgetClients(clients: readonly ClientMemory[]): Promise<void> {
  const whole = await runCommand('nft', ['-f', '-'], elements('delete', clients));
  if (whole.code === 0) return;
  for (const one of clients) await runCommand('nft', ['-f', '-'], elements('delete', [one]));
}

function elements(verb: string, clients: readonly ClientMemory[], rest: (memory: ClientMemory) => string = () => '') {
  if (clients.length === 0) return '';
  const listed = clients.map((memory) => {
    const { client, address, protocol, port } = memory;
    return `${client} . ${address} . ${protocol} . ${port}${rest(memory)}`;
  });
  return `${verb} element ${TABLE} ${CLIENTS} { ${listed.join(', ')} }\n`;
}
