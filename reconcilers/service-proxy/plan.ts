/**
 * Decides whether the node's routes must change, and whether at once: an endpoint that goes, or a Service's first, never waits; one
 * more beside others may. Pure; the run loop calls it with what observe.ts read.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { HealthCheck } from '../ports/health-check-ports.ts';
import { type Endpoint, endpointsOf, type RoutingTable, type ServiceRoute } from '../ports/packet-filter.ts';
import type { ServiceProxyAction } from './actions.ts';
import { healthChecksOf } from './health-checks.ts';
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
  const routes = planRoutes(desired, observed, now);
  const checks = healthChecksOf(desired.here.node, desired.services, desired.slices);
  if (observed.healthChecks === undefined || equalChecks(observed.healthChecks, checks)) return routes;
  const because = `${routes.because}; the health check ports say something new`;
  return { ...routes, actions: [...routes.actions, { kind: 'serve-health-checks', checks }], because };
}

function planRoutes(
  { network, here, services, slices }: DesiredRouting,
  observed: ObservedRouting,
  now: number,
): Plan<ServiceProxyAction> {
  const { table, conflicts } = buildRoutingTable(network, here, services, slices);
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

function equalChecks(a: readonly HealthCheck[], b: readonly HealthCheck[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
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
      changes.push(describe(old, route));
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

function describe(old: ServiceRoute, route: ServiceRoute): string {
  const [before, now] = [endpointsOf(old), endpointsOf(route)].map((endpoints) => JSON.stringify(endpoints));
  if (before === now) return `${route.name} is served otherwise`;
  return `${route.name} has ${countEndpoints(route)}, ${countEndpoints(old)} before`;
}

/** Whether all that was reachable stays so, and nothing else changed. */
function onlyGains(old: ServiceRoute, route: ServiceRoute): boolean {
  const { endpoints: before, internal: beforeInternal, outside: beforeOutside, ...oldRest } = old;
  const { endpoints, internal, outside, ...rest } = route;
  const isSame = JSON.stringify(oldRest) === JSON.stringify(rest);
  return isSame && gains(before, endpoints) && gains(beforeInternal, internal) && gains(beforeOutside, outside);
}

function gains(before: readonly Endpoint[] | undefined, now: readonly Endpoint[] | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  if (before.length === 0) return now.length === 0;
  const found = new Set(now.map((endpoint) => JSON.stringify(endpoint)));
  return before.every((endpoint) => found.has(JSON.stringify(endpoint)));
}

function countEndpoints({ endpoints }: ServiceRoute): string {
  return endpoints.length === 1 ? '1 endpoint' : `${endpoints.length} endpoints`;
}
