/**
 * A routing table as the elements of nftables sets and maps: the part of the ruleset that follows the Services. ruleset.ts writes
 * them out, or the difference of two. Pure.
 *
 * The i-th of a route's n endpoints lies in the maps of slot i; the route's verdict says to pick one of n slots. So a changed
 * endpoint is a changed element, never a changed rule.
 */
import { BlockList } from 'node:net';
import type { Endpoint, RoutingTable, ServiceRoute } from '../../../reconcilers/ports/packet-filter.ts';

/** Set by set, each element's key and what follows it (comment and value; empty in a plain set). */
export type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The two ways a packet finds its route: by cluster address, or by node port. Each has chains and maps of its own. */
export const FAMILIES = ['cluster', 'node'] as const;
export type Family = (typeof FAMILIES)[number];

/** This node's endpoints, each paired with itself: a pod that reaches itself. */
export const HAIRPINS = 'hairpins';

/** nftables allows comments of 128 bytes. */
const COMMENT_BYTES = 120;

/** The elements that belong to single routes. */
export function routeElements(routes: Iterable<ServiceRoute>): Elements {
  const sets = new Map<string, Map<string, string>>();
  for (const route of routes) {
    const count = route.endpoints.length;
    for (const [family, key] of keysOf(route)) {
      if (count > 0) {
        const comment = route.name.slice(0, COMMENT_BYTES);
        addElement(sets, `${family}-ports`, key, ` comment "${comment}" : goto ${family}-pick-${count}`);
      } else if (family === 'node') {
        addElement(sets, 'refused-node-ports', key); // a cluster address without a verdict is refused anyway
      }
      for (const [slot, endpoint] of route.endpoints.entries()) {
        addElement(sets, `${family}-slot-${slot}`, key, ` : ${endpoint.ip} . ${endpoint.port}`);
      }
    }
  }
  return sets;
}

/** The elements that several routes may have in common: what the masquerading rules look endpoints up in. */
export function endpointElements({ podCidr, routes }: RoutingTable): Elements {
  const sets = new Map<string, Map<string, string>>();
  const isLocalPod = membership(podCidr);
  for (const { protocol, endpoints } of routes) {
    for (const endpoint of endpoints) {
      if (isLocalPod(endpoint)) addElement(sets, HAIRPINS, `${endpoint.ip} . ${endpoint.ip}`);
      else addElement(sets, 'remote-endpoints', `${endpoint.ip} . ${protocol.toLowerCase()} . ${endpoint.port}`);
    }
  }
  return sets;
}

function addElement(sets: Map<string, Map<string, string>>, set: string, key: string, rest = ''): void {
  const elements = sets.get(set);
  if (elements) elements.set(key, rest);
  else sets.set(set, new Map([[key, rest]]));
}

function keysOf(route: ServiceRoute): [Family, string][] {
  const protocol = route.protocol.toLowerCase();
  const keys: [Family, string][] = [['cluster', `${route.clusterIP} . ${protocol} . ${route.port}`]];
  if (route.nodePort !== undefined) keys.push(['node', `${protocol} . ${route.nodePort}`]);
  return keys;
}

function membership(cidr: string): (endpoint: Endpoint) => boolean {
  const [address = '', length = '32'] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(address, Number(length));
  const known = new Map<string, boolean>();
  return ({ ip }) => {
    let inside = known.get(ip);
    if (inside === undefined) {
      inside = block.check(ip);
      known.set(ip, inside);
    }
    return inside;
  };
}

/** The chains and maps that `elements` need: how many slots, and out of how many endpoints is picked. */
export interface Layout {
  readonly slots: number;
  readonly picks: ReadonlySet<number>;
}

export const NO_LAYOUT: Layout = { slots: 0, picks: new Set() };

/** `layout` with what `table` needs in addition. Nothing is taken away: an unused chain costs a packet nothing. */
export function extendLayout(layout: Layout, table: RoutingTable): Layout {
  const picks = new Set(layout.picks);
  for (const { endpoints } of table.routes) if (endpoints.length > 0) picks.add(endpoints.length);
  return { slots: Math.max(layout.slots, ...picks), picks };
}
