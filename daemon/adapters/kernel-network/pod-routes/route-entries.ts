/** The kernel's entries of a route to another node's pods, for either mode: read back into routes, and written as lines for `ip` and `bridge`. Pure. */
import { gatewayOf } from '../../../../reconcilers/kit/registry/ipv4-range.ts';
import type { PodRoute, PodTransport } from '../../../../reconcilers/ports/pod-routes.ts';
import { DEVICE, PROTOCOL, tunnelEndOf } from './marks.ts';

/** As `ip -j route`, `ip -j neigh` and `bridge -j fdb` list them. */
export interface RouteEntry {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly prefsrc?: string;
}

export interface NeighbourEntry {
  readonly dst: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}

export interface ForwardingEntry {
  readonly mac: string;
  readonly dst?: string;
}

export interface Entries {
  readonly routes: readonly RouteEntry[];
  readonly neighbours: readonly NeighbourEntry[];
  readonly forwarding: readonly ForwardingEntry[];
}

/** Ours; `nodeIP` is '' where something of it is missing or otherwise. */
export function podRoutesIn(
  { routes, neighbours, forwarding }: Entries,
  transport: PodTransport | undefined,
): PodRoute[] {
  const macs = new Map(neighbours.filter(isPermanent).map(({ dst, lladdr = '' }) => [dst, lladdr]));
  const places = new Map(forwarding.map(({ mac, dst = '' }) => [mac, dst]));
  const nodeIPOf = ({ dst, gateway = '', dev, prefsrc }: RouteEntry): string => {
    if (transport === undefined || prefsrc !== gatewayOf(transport.podCidr)) return '';
    if (transport.mode === 'host-gw') return dev === DEVICE ? '' : gateway;
    const { address, mac } = tunnelEndOf(dst);
    return dev === DEVICE && gateway === address && macs.get(address) === mac ? (places.get(mac) ?? '') : '';
  };
  return routes.filter(isOurs).map((entry) => ({ podCidr: entry.dst, nodeIP: nodeIPOf(entry) }));
}

/** What leads elsewhere. The default route is nobody's in particular. */
export function takenIn({ routes }: Entries): string[] {
  return routes.filter((entry) => !isOurs(entry) && entry.dst !== 'default').map(({ dst }) => dst);
}

function isOurs({ protocol }: RouteEntry): boolean {
  return protocol === PROTOCOL;
}

function isPermanent({ state = [] }: NeighbourEntry): boolean {
  return state.includes('PERMANENT');
}

/** `verb` add: fails where somebody has such a route. replace: of one that is ours. */
export function linesToSet(verb: 'add' | 'replace', { podCidr, nodeIP }: PodRoute, transport: PodTransport) {
  const rest = `src ${gatewayOf(transport.podCidr)} proto ${PROTOCOL}`;
  if (transport.mode === 'host-gw') return { ip: [`route ${verb} ${podCidr} via ${nodeIP} ${rest}`], bridge: [] };
  const { address, mac } = tunnelEndOf(podCidr);
  return {
    // The route first: what is left by halves is found by it.
    ip: [
      `route ${verb} ${podCidr} via ${address} dev ${DEVICE} onlink ${rest}`,
      `neigh replace ${address} lladdr ${mac} dev ${DEVICE} nud permanent`,
    ],
    bridge: [`fdb replace ${mac} dev ${DEVICE} dst ${nodeIP} self permanent`],
  };
}

/** The route last, for the same reason; `bridge` before `ip`. */
export function linesToRemove({ podCidr }: PodRoute, { mode }: PodTransport) {
  const route = `route del ${podCidr} proto ${PROTOCOL}`;
  if (mode === 'host-gw') return { ip: [route], bridge: [] };
  const { address, mac } = tunnelEndOf(podCidr);
  return { ip: [`neigh del ${address} dev ${DEVICE}`, route], bridge: [`fdb del ${mac} dev ${DEVICE}`] };
}
