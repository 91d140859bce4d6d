/**
 * A process inside a network namespace that does what a test asks for over its IPC channel: serves as a pod, dials as a client,
 * or keeps a packet filter and the service-proxy loop over it, or routes to other nodes' pods. Started by agent-client.ts; it asserts nothing.
 */
import { type DialResult, dial, dialMany, dialUdp, exchange, HeldConnections, Load } from './client.ts';
import { FilterHost } from './filter-host.ts';
import { serve } from './pod-server.ts';
import { RoutesHost } from './remote-routes.ts';

const held = new HeldConnections();
const load = new Load();
const filter = new FilterHost();
const routes = new RoutesHost();

/** What an agent can be asked for; arguments and results pass through JSON. */
export const operations = {
  serve,
  dial,
  dialMany,
  dialUdp,
  exchange,
  hold: (ip: string, port: number): Promise<number> => held.open(ip, port),
  echo: (id: number, text: string): Promise<string> => held.echo(id, text),
  startLoad: (ip: string, port: number): Promise<void> => load.start(ip, port),
  stopLoad: (): Promise<{ requests: number; failures: DialResult[] }> => load.stop(),
  createFilter: filter.create,
  applyRoutes: filter.apply,
  installedRoutes: filter.installed,
  removeFilter: filter.remove,
  countDisturbances: filter.countDisturbances,
  startLoop: filter.startLoop,
  setObjects: filter.setObjects,
  timeChange: filter.timeChange,
  installedPodRoutes: routes.installed,
  preparePodRoutes: routes.prepare,
  changePodRoutes: routes.change,
  countRouteDisturbances: routes.countDisturbances,
  removePodRoutes: routes.remove,
} satisfies Record<string, (...args: never[]) => Promise<unknown>>;

export type Operations = typeof operations;

interface Request {
  readonly id: number;
  readonly operation: keyof Operations;
  readonly args: never[];
}

process.on('message', ({ id, operation, args }: Request) => {
  const run = operations[operation] as (...args: never[]) => Promise<unknown>;
  run(...args).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
