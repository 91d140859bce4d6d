/**
 * The chains a new connection passes on its way through one route, written as elements of their maps: elements.ts gathers them.
 *
 *   address-ports ── address-guarded ── address-by-source ── address-sticky ── address-pick-3 ── address-slot-1
 *                    may it come?       from outside?        known client?     one of three
 *
 * Most routes need the first and the last two alone; which stage comes next is the value of an element, so that a stage nobody
 * needs costs nothing. Node ports have the same stages but the guard. Pure.
 */
import type { Endpoint, ServiceRoute } from '../../../../reconcilers/ports/packet-filter.ts';

/** The two ways a packet finds its route: by address and port, or by node port. */
export const FAMILIES = ['address', 'node'] as const;
export type Family = (typeof FAMILIES)[number];

/** What endpoints are picked from: those for anyone, and those for callers from outside where they are others. */
export const POOLS = ['address', 'node', 'address-outside', 'node-outside'] as const;
export type Pool = (typeof POOLS)[number];

export function familyOf(pool: Pool): Family {
  return pool.startsWith('address') ? 'address' : 'node';
}

/** A map, a key in it, and what follows the key. */
export type Element = readonly [map: string, key: string, rest: string];

/** Nftables allows comments of 128 bytes. */
const COMMENT_BYTES = 120;

/** One way into a route. */
interface Entry {
  readonly family: Family;
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
  readonly outside?: readonly Endpoint[];
  readonly sources?: readonly string[];
  /** What is not translated here is refused anyway. */
  readonly isInServiceRange: boolean;
}

export function stagesOf(route: ServiceRoute): Element[] {
  return entriesOf(route).flatMap((entry) => {
    const { family, key } = entry;
    const elements: Element[] = [];
    const first = firstStage(entry, route, elements);
    const comment = route.name.slice(0, COMMENT_BYTES);
    if (first !== undefined) elements.push([`${family}-ports`, key, ` comment "${comment}" : ${first}`]);
    const refusal = refusalOf(entry, route);
    if (refusal !== undefined) elements.push([`${family}-refusals`, key, ` : ${refusal}`]);
    if (route.affinitySeconds !== undefined && first !== undefined) {
      elements.push([`${family}-memory`, key, ` : goto remember-${route.affinitySeconds}`]);
    }
    return elements;
  });
}

/** How many endpoints the pools are asked to pick out of by this route; 0: they are not asked. */
export function poolSizes({ endpoints, internal, outside, external, nodePort }: ServiceRoute): [Pool, number][] {
  const sizes: [Pool, number][] = [['address', (internal ?? endpoints).length]];
  if (external !== undefined) {
    sizes.push(['address', endpoints.length], ['address-outside', outside?.length ?? 0]);
  }
  if (nodePort !== undefined) sizes.push(['node', endpoints.length], ['node-outside', outside?.length ?? 0]);
  return sizes;
}

function entriesOf(route: ServiceRoute): Entry[] {
  const { endpoints, internal, outside, clusterIP, port, nodePort, external = [] } = route;
  const protocol = route.protocol.toLowerCase();
  const fromOutside = { endpoints, ...(outside !== undefined && { outside }) };
  const entries: Entry[] = [
    {
      family: 'address',
      key: `${clusterIP} . ${protocol} . ${port}`,
      endpoints: internal ?? endpoints,
      isInServiceRange: true,
    },
  ];
  for (const { ip, sources } of external) {
    entries.push({
      ...fromOutside,
      family: 'address',
      key: `${ip} . ${protocol} . ${port}`,
      ...(sources !== undefined && { sources }),
      isInServiceRange: false,
    });
  }
  if (nodePort !== undefined) {
    entries.push({ ...fromOutside, family: 'node', key: `${protocol} . ${nodePort}`, isInServiceRange: false });
  }
  return entries;
}

/** Adds the elements of the later stages; the verdict that leads to the first. Undefined where nobody is led anywhere. */
function firstStage(entry: Entry, route: ServiceRoute, elements: Element[]): string | undefined {
  const { family, key, endpoints, outside, sources } = entry;
  let next = pickStage(family, entry.key, endpoints, route, elements);
  if (next === undefined) return undefined;
  if (outside !== undefined) {
    const fromOutside = pickStage(outsidePool(family), key, outside, route, elements);
    elements.push([`${family}-inside-ports`, key, ` : ${next}`]);
    if (fromOutside !== undefined) elements.push([`${family}-outside-ports`, key, ` : ${fromOutside}`]);
    next = `goto ${family}-by-source`;
  }
  if (sources !== undefined) {
    for (const source of sources) elements.push(['allowed-sources', `${key} . ${source}`, '']);
    elements.push([`${family}-guarded-ports`, key, ` : ${next}`]);
    next = `goto ${family}-guarded`;
  }
  return next;
}

function pickStage(
  pool: Pool,
  key: string,
  endpoints: readonly Endpoint[],
  { affinitySeconds }: ServiceRoute,
  elements: Element[],
): string | undefined {
  if (endpoints.length === 0) return undefined;
  for (const [slot, { ip, port }] of endpoints.entries()) {
    elements.push([`${pool}-slot-${slot}`, key, ` : ${ip} . ${port}`]);
  }
  const pick = `goto ${pool}-pick-${endpoints.length}`;
  if (affinitySeconds === undefined) return pick;
  elements.push([`${pool}-sticky-ports`, key, ` : ${pick}`]);
  return `goto ${pool}-sticky`;
}

/** What becomes of a connection that was not translated; undefined where that does not happen, or the range's own rule says it. */
function refusalOf({ endpoints, outside, isInServiceRange }: Entry, route: ServiceRoute): string | undefined {
  if (endpoints.length === 0 && route.endpoints.length === 0) return isInServiceRange ? undefined : 'goto refuse';
  const leadsNowhere = endpoints.length === 0 || outside?.length === 0;
  return leadsNowhere ? 'drop' : undefined;
}

function outsidePool(family: Family): Pool {
  return `${family}-outside`;
}
