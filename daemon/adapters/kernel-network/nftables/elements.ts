/**
 * A routing table as the elements of nftables sets and maps: the part of the ruleset that follows the Services. ruleset.ts writes
 * them out, or the difference of two. Pure.
 *
 * The i-th of a route's n endpoints lies in the maps of slot i; the route's verdict says to pick one of n slots. So a changed
 * endpoint is a changed element, never a changed rule.
 */
import { BlockList } from 'node:net';
import {
  type Endpoint,
  endpointsOf,
  type RoutingTable,
  type ServiceRoute,
} from '../../../../reconcilers/ports/packet-filter.ts';
import { POOLS, type Pool, poolSizes, stagesOf } from './route-stages.ts';

/** Set by set, each element's key and what follows it (comment and value; empty in a plain set). */
export type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** This node's endpoints, each paired with itself: a pod that reaches itself. */
export const HAIRPINS = 'hairpins';

/** The elements that belong to single routes. */
export function routeElements(routes: Iterable<ServiceRoute>): Elements {
  const sets = new Map<string, Map<string, string>>();
  for (const route of routes) for (const [set, key, rest] of stagesOf(route)) addElement(sets, set, key, rest);
  return sets;
}

/** The elements that several routes may have in common: what the masquerading rules look endpoints up in. */
export function endpointElements({ podCidr, routes }: RoutingTable): Elements {
  const sets = new Map<string, Map<string, string>>();
  const isLocalPod = membership(podCidr);
  for (const route of routes) {
    const protocol = route.protocol.toLowerCase();
    for (const endpoint of endpointsOf(route)) {
      const { ip, port } = endpoint;
      if (isLocalPod(endpoint)) addElement(sets, HAIRPINS, `${ip} . ${ip}`);
      else addElement(sets, 'remote-endpoints', `${ip} . ${protocol} . ${port}`);
    }
  }
  return sets;
}

function addElement(sets: Map<string, Map<string, string>>, set: string, key: string, rest = ''): void {
  const elements = sets.get(set);
  if (elements) elements.set(key, rest);
  else sets.set(set, new Map([[key, rest]]));
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

/** The chains and maps that elements need. */
export interface Layout {
  /** Pool by pool: how many slots, and out of how many endpoints is picked. */
  readonly pools: ReadonlyMap<Pool, PoolLayout>;
  /** For how many seconds clients are remembered. */
  readonly affinities: ReadonlySet<number>;
}

export interface PoolLayout {
  readonly slots: number;
  readonly picks: ReadonlySet<number>;
}

export const NO_POOL: PoolLayout = { slots: 0, picks: new Set() };
export const NO_LAYOUT: Layout = { pools: new Map(POOLS.map((pool) => [pool, NO_POOL])), affinities: new Set() };

/** `layout` with what `table` needs in addition. Nothing is taken away: an unused chain costs a packet nothing. */
export function extendLayout(layout: Layout, { routes }: RoutingTable): Layout {
  const picks = new Map(POOLS.map((pool) => [pool, new Set(layout.pools.get(pool)?.picks)]));
  const affinities = new Set(layout.affinities);
  for (const route of routes) {
    for (const [pool, size] of poolSizes(route)) if (size > 0) picks.get(pool)?.add(size);
    if (route.affinitySeconds !== undefined) affinities.add(route.affinitySeconds);
  }
  const pools = new Map([...picks].map(([pool, sizes]) => [pool, { slots: Math.max(0, ...sizes), picks: sizes }]));
  return { pools, affinities };
}
