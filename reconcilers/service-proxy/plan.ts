/** Decides whether the node's routes must change. Pure; the run loop calls it with what observe.ts read. */
import type { Plan } from '../kit/reconciler.ts';
import type { RoutingTable, ServiceRoute } from '../ports/packet-filter.ts';
import type { ServiceProxyAction } from './actions.ts';
import type { DesiredRouting, ObservedRouting } from './observe.ts';
import { buildRoutingTable } from './routing-table.ts';

/** So many changed routes are named; the others are counted. */
const NAMED = 3;

export function plan(desired: DesiredRouting | undefined, observed: ObservedRouting): Plan<ServiceProxyAction> {
  if (desired === undefined) return { actions: [], because: 'the node has no pod network yet' };
  const { table, conflicts } = buildRoutingTable(desired.network, desired.services, desired.endpoints);
  const { installed } = observed;
  const difference = installed
    ? differenceOf(installed, table)
    : `no routes are installed, ${table.routes.length} wanted`;
  const because = [difference ?? `all ${table.routes.length} routes are installed`, ...conflicts].join('; ');
  return { actions: difference === undefined ? [] : [{ kind: 'apply-routes', table }], because };
}

/** What differs, as a sentence; undefined where nothing does. */
function differenceOf(installed: RoutingTable, wanted: RoutingTable): string | undefined {
  const { routes: _, ...installedNetwork } = installed;
  const { routes: __, ...wantedNetwork } = wanted;
  if (JSON.stringify(installedNetwork) !== JSON.stringify(wantedNetwork)) return 'the cluster network changed';

  const kept = new Set(installed.routes);
  const wantedRoutes = new Set(wanted.routes);
  const before = new Map(
    installed.routes.filter((route) => !wantedRoutes.has(route)).map((route) => [addressOf(route), route]),
  );
  const changes: string[] = [];
  for (const route of wanted.routes) {
    if (kept.has(route)) continue; // routes made of the same objects are the same
    const old = before.get(addressOf(route));
    before.delete(addressOf(route));
    if (old === undefined) changes.push(`${route.name} is new`);
    else if (JSON.stringify(old) !== JSON.stringify(route)) {
      changes.push(`${route.name} has ${countEndpoints(route)}, ${countEndpoints(old)} before`);
    }
  }
  for (const route of before.values()) changes.push(`${route.name} is gone`);
  if (changes.length === 0) return undefined;
  const more = changes.length - NAMED;
  return [...changes.slice(0, NAMED), ...(more > 0 ? [`${more} more changed`] : [])].join(', ');
}

function addressOf(route: ServiceRoute): string {
  return `${route.name} ${route.protocol} ${route.clusterIP}:${route.port} ${route.nodePort ?? ''}`;
}

function countEndpoints(route: ServiceRoute): string {
  return route.endpoints.length === 1 ? '1 endpoint' : `${route.endpoints.length} endpoints`;
}
