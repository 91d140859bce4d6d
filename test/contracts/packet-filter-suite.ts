/**
 * What every packet filter must do, told by traffic: the suite for the fake, the userspace proxy and nftables. A world gives the
 * filter, live endpoints and a way to dial; it asserts nothing.
 */
import assert from 'node:assert/strict';
import type {
  ClusterNetwork,
  Endpoint,
  PacketFilter,
  RoutingTable,
  ServiceRoute,
} from '../../reconcilers/ports/packet-filter.ts';
import { eventually } from '../e2e/harness/eventually.ts';

export interface FilterWorld {
  readonly filter: PacketFilter;
  readonly network: ClusterNetwork;
  /** Three that answer dials over TCP and UDP with their own address. */
  readonly endpoints: readonly [Endpoint, Endpoint, Endpoint];
  /** Whether {@link dial} goes by the cluster address, not by the node port. */
  readonly dialsClusterAddress: boolean;
  /** A node port nobody listens on. */
  readonly nodePort: number;
  /** The endpoint that answered a new connection through the route, `10.244.0.2:8000`, or undefined where it was refused. */
  dial(route: ServiceRoute): Promise<string | undefined>;
  /** The same through the node port, from a machine that is no part of the cluster; absent where there is none. */
  dialFromOutside?(route: ServiceRoute): Promise<string | undefined>;
  /** Another address, and a way to dial the route there; absent where addresses cannot be taken. */
  readonly external?: { readonly ip: string; dial(route: ServiceRoute): Promise<string | undefined> };
  /** Destroys the rules behind the filter's back; absent where nobody could. */
  damage?(): Promise<void>;
  close(): Promise<void>;
}

export function describePacketFilter(name: string, openWorld: () => Promise<FilterWorld>): void {
  describe(`packet filter contract: ${name}`, () => {
    let world: FilterWorld;
    let a: Endpoint;
    let b: Endpoint;
    let c: Endpoint;

    before(async () => {
      world = await openWorld();
      [a, b, c] = world.endpoints;
    });
    afterEach(() => world.filter.remove());
    after(() => world?.close());

    const route = (endpoints: readonly Endpoint[], changes: Partial<ServiceRoute> = {}): ServiceRoute => ({
      name: 'default/web',
      protocol: 'TCP',
      clusterIP: '10.96.0.10',
      port: 80,
      nodePort: world.nodePort,
      endpoints,
      ...changes,
    });
    const table = (...routes: ServiceRoute[]): RoutingTable => ({ ...world.network, routes });
    const addressOf = ({ ip, port }: Endpoint) => `${ip}:${port}`;
    const answersOf = async (dialled: ServiceRoute, times: number): Promise<string[]> => {
      const answers = new Set<string>();
      for (let time = 0; time < times; time += 1) answers.add((await world.dial(dialled)) ?? 'refused');
      return [...answers].sort();
    };

    it('has nothing installed at first', async () => {
      assert.equal(await world.filter.installed(), undefined);
    });

    it('has installed what was applied, and carries connections', async () => {
      const applied = table(route([a]));
      await world.filter.apply(applied);
      assert.deepEqual(await world.filter.installed(), applied);
      assert.equal(await world.dial(route([a])), addressOf(a));
    });

    it('spreads new connections over all endpoints', async () => {
      await world.filter.apply(table(route([a, b, c])));
      // One of three is missed by 100 dials once in 10^17 runs.
      assert.deepEqual(await answersOf(route([]), 100), [a, b, c].map(addressOf).sort());
    });

    it('follows a change of endpoints at once', async () => {
      for (const endpoints of [[a], [a, b], [c], [b, c], [b]]) {
        await world.filter.apply(table(route(endpoints)));
        const answers = await answersOf(route([]), 20);
        assert.ok(
          answers.every((answer) => endpoints.map(addressOf).includes(answer)),
          answers.join(),
        );
      }
    });

    it('refuses where there is no endpoint, and accepts again when one comes', async () => {
      await world.filter.apply(table(route([a])));
      await world.filter.apply(table(route([])));
      assert.equal(await world.dial(route([])), undefined);
      await world.filter.apply(table(route([b])));
      assert.equal(await world.dial(route([])), addressOf(b));
    });

    it('refuses a route that is gone, and leaves the others', async () => {
      const other = route([b], { name: 'default/other', clusterIP: '10.96.0.11', nodePort: world.nodePort + 1 });
      await world.filter.apply(table(other, route([a])));
      await world.filter.apply(table(other));
      assert.equal(await world.dial(route([])), undefined);
      assert.equal(await world.dial(other), addressOf(b));
    });

    it('keeps TCP and UDP of one port apart', async () => {
      const udp = route([b], { protocol: 'UDP' });
      await world.filter.apply(table(route([a]), udp));
      assert.equal(await world.dial(route([])), addressOf(a));
      assert.equal(await world.dial(udp), addressOf(b));
    });

    it('leaves a client with the endpoint it had where the Service wants that, and only there', async () => {
      const sticky = { affinitySeconds: 60 };
      await world.filter.apply(table(route([a, b, c], sticky)));
      const [first, ...others] = await answersOf(route([]), 20);
      assert.deepEqual(others, []);
      await world.filter.apply(table(route([a, b, c])));
      assert.equal((await answersOf(route([]), 100)).length, 3);
      await world.filter.apply(table(route([a, b, c], sticky)));
      assert.equal((await answersOf(route([]), 20)).length, 1);
      assert.ok(first !== undefined);
    });

    it('gives a client another endpoint when the one it had is gone, and leaves it there', async () => {
      const sticky = { affinitySeconds: 60 };
      await world.filter.apply(table(route([a, b, c], sticky)));
      const had = await world.dial(route([]));
      const rest = [a, b, c].filter((endpoint) => addressOf(endpoint) !== had);
      await world.filter.apply(table(route(rest, sticky)));
      const next = await answersOf(route([]), 20);
      assert.equal(next.length, 1);
      await world.filter.apply(table(route([a, b, c], sticky)));
      assert.deepEqual(await answersOf(route([]), 20), next, 'and does not go back');
    });

    it('leads callers of the cluster address to the endpoints on this node, where they are given', async function () {
      if (!world.dialsClusterAddress) return this.skip();
      await world.filter.apply(table(route([a, b], { internal: [b] })));
      assert.deepEqual(await answersOf(route([]), 20), [addressOf(b)]);
    });

    it('leads callers from outside to the endpoints on this node, where they are given', async function () {
      const { dialFromOutside: dialOutside } = world;
      if (dialOutside === undefined) return this.skip();
      await world.filter.apply(table(route([a, b], { outside: [b] })));
      for (let time = 0; time < 20; time += 1) assert.equal(await dialOutside(route([])), addressOf(b));
      assert.deepEqual(await answersOf(route([]), 50), [a, b].map(addressOf).sort());
      await world.filter.apply(table(route([a, b], { outside: [] })));
      assert.equal(await dialOutside(route([])), undefined);
    });

    it('serves further addresses at the same port, and keeps out who may not come there', async function () {
      const { external } = world;
      if (external === undefined) return this.skip();
      const { ip } = external;
      await world.filter.apply(table(route([a], { external: [{ ip }] })));
      assert.equal(await external.dial(route([])), addressOf(a));
      await world.filter.apply(table(route([a], { external: [{ ip, sources: ['203.0.113.0/24'] }] })));
      assert.equal(await external.dial(route([])), undefined);
      await world.filter.apply(table(route([a], { external: [{ ip, sources: ['203.0.113.0/24', '10.0.0.0/8'] }] })));
      assert.equal(await external.dial(route([])), addressOf(a));
      await world.filter.apply(table(route([], { external: [{ ip }] })));
      assert.equal(await external.dial(route([])), undefined);
    });

    it('takes the same table again', async () => {
      await world.filter.apply(table(route([a])));
      await world.filter.apply(table(route([a])));
      assert.equal(await world.dial(route([])), addressOf(a));
    });

    it('removes everything, twice if asked, and can begin anew', async () => {
      await world.filter.apply(table(route([a])));
      await world.filter.remove();
      await world.filter.remove();
      assert.equal(await world.filter.installed(), undefined);
      assert.equal(await world.dial(route([])), undefined);
      await world.filter.apply(table(route([a])));
      assert.equal(await world.dial(route([])), addressOf(a));
    });

    it('tells of damage, admits it, and repairs it', async function () {
      if (world.damage === undefined) return this.skip();
      const stop = new AbortController();
      let disturbed = 0;
      const watching = (async () => {
        for await (const _ of world.filter.disturbances(stop.signal)) disturbed += 1;
      })();
      const applied = table(route([a]));
      await world.filter.apply(applied);
      const seen = disturbed;
      await world.damage();
      await eventually(() => disturbed > seen, { describe: 'a disturbance' });
      await eventually(async () => (await world.filter.installed()) === undefined, { describe: 'the admission' });
      await world.filter.apply(applied);
      assert.equal(await world.dial(route([])), addressOf(a));
      stop.abort();
      await watching;
    });
  });
}
