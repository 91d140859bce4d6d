/**
 * Decides whether the node's routes must change, and whether at once: an endpoint that goes, or a Service's first, never waits; one
 * more beside others may. Pure; the run loop calls it with what observe.ts read.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { RoutingTable, ServiceRoute } from '../ports/packet-filter.ts';
import type { ServiceProxyAction } from './actions.ts';
import type { DesiredRouting, ObservedRouting } from './observe.ts';
import { buildRoutingTable } from './routing-table.ts';

/** So many changed routes are named; the others are counted. */
const NAMED = 3;

export function plan(
  desired: DesiredRouting | undefined,
  observed: ObservedRouting,
  now: number,
): Plan<ServiceProxyAction> {
  if (desired === undefined) return { actions: [], because: 'the node has no pod network yet' };
  const { table, conflicts } = buildRoutingTable(desired.network, desired.services, desired.endpoints);
  const { installed, gatherUntil = now } = observed;
  const difference = installed
    ? differenceOf(installed, table)
    : { sentence: `no routes are installed, ${table.routes.length} wanted`, mayWait: false };
  if (difference === undefined) {
    return { actions: [], because: [`all ${table.routes.length} routes are installed`, ...conflicts].join('; ') };
  }
  const because = [difference.sentence, ...conflicts].join('; ');
  if (difference.mayWait && now < gatherUntil) {
    const checkAgainAfterMs = gatherUntil - now;
    return { actions: [], because: `${because}; gathering further endpoints first`, checkAgainAfterMs };
  }
  return { actions: [{ kind: 'apply-routes', table }], because };
}

interface Difference {
  readonly sentence: string;
  /** Nothing but further endpoints of routes that have some. */
  readonly mayWait: boolean;
}

/** Undefined where nothing differs. */
function differenceOf(installed: RoutingTable, wanted: RoutingTable): Difference | undefined {
  const { routes: _, ...installedNetwork } = installed;
  const { routes: __, ...wantedNetwork } = wanted;
  if (JSON.stringify(installedNetwork) !== JSON.stringify(wantedNetwork)) {
    return { sentence: 'the cluster network changed', mayWait: false };
  }

  const kept = new Set(installed.routes);
  const wantedRoutes = new Set(wanted.routes);
  const before = new Map(
    installed.routes.filter((route) => !wantedRoutes.has(route)).map((route) => [addressOf(route), route]),
  );
  const changes: string[] = [];
  let mayWait = true;
  for (const route of wanted.routes) {
    if (kept.has(route)) continue; // routes made of the same objects are the same
    const old = before.get(addressOf(route));
    before.delete(addressOf(route));
    if (old === undefined) changes.push(`${route.name} is new`);
    else if (JSON.stringify(old) !== JSON.stringify(route)) {
      changes.push(`${route.name} has ${countEndpoints(route)}, ${countEndpoints(old)} before`);
    } else continue;
    mayWait &&= old !== undefined && onlyGains(old, route);
  }
  for (const route of before.values()) changes.push(`${route.name} is gone`);
  if (changes.length === 0) return undefined;
  const more = changes.length - NAMED;
  const sentence = [...changes.slice(0, NAMED), ...(more > 0 ? [`${more} more changed`] : [])].join(', ');
  return { sentence, mayWait: mayWait && before.size === 0 };
}

function addressOf(route: ServiceRoute): string {
  return `${route.name} ${route.protocol} ${route.clusterIP}:${route.port} ${route.nodePort ?? ''}`;
}

/** Whether all that was reachable stays so. */
function onlyGains(old: ServiceRoute, route: ServiceRoute): boolean {
  const now = new Set(route.endpoints.map(({ ip, port }) => `${ip}:${port}`));
  return old.endpoints.length > 0 && old.endpoints.every(({ ip, port }) => now.has(`${ip}:${port}`));
}

function countEndpoints(route: ServiceRoute): string {
  return route.endpoints.length === 1 ? '1 endpoint' : `${route.endpoints.length} endpoints`;
}
