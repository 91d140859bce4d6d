/** What every keeper of routes to other nodes' pods must do: the suite for the fake and for the kernel. A world asserts nothing. */
import assert from 'node:assert/strict';
import type { PodRoute, PodRoutes, PodTransport, RouteChanges } from '../../reconcilers/ports/pod-routes.ts';
import { eventually } from '../e2e/harness/eventually.ts';

export interface RoutesWorld {
  readonly routes: PodRoutes;
  /** 192.0.2.2 on 192.0.2.0/24, with its pods' network 10.244.0.0/24. Two machines there: */
  readonly near: readonly [string, string];
  /** One that is reached through a router. */
  readonly far: string;
  /** Somebody takes a route away. */
  damage(podCidr: string): Promise<void>;
  /** Somebody has a route of their own to the block. */
  take(block: string): Promise<void>;
}

/** PodRoutesFailed. */
const UNREACHED = /the way to the pods of other nodes cannot be made/;
const NONE: RouteChanges = { added: [], changed: [], removed: [] };

export function describePodRoutes(name: string, openWorld: () => Promise<RoutesWorld>): void {
  describe(`pod routes contract: ${name}`, () => {
    let world: RoutesWorld;
    let first: PodRoute;
    let second: PodRoute;

    before(async () => {
      world = await openWorld();
      first = { podCidr: '10.244.1.0/24', nodeIP: world.near[0] };
      second = { podCidr: '10.244.2.0/24', nodeIP: world.near[1] };
    });
    afterEach(() => world?.routes.remove());

    const transport = (mode: PodTransport['mode']): PodTransport => ({
      mode,
      nodeIP: '192.0.2.2',
      podCidr: '10.244.0.0/24',
      clusterCidr: '10.244.0.0/16',
    });
    const routesNow = async () => {
      const { routes } = await world.routes.installed();
      return routes.toSorted((a, b) => (a.podCidr < b.podCidr ? -1 : 1));
    };

    it('finds nothing of ours at first, and the networks that the machine has', async () => {
      const { transport: found, routes, taken } = await world.routes.installed();
      assert.deepEqual({ found, routes }, { found: undefined, routes: [] });
      assert.ok(taken.includes('10.244.0.0/24') && taken.includes('192.0.2.0/24'), taken.join(' '));
    });

    for (const mode of ['host-gw', 'vxlan'] as const) {
      it(`${mode}: adds, changes and removes routes, and says what is there`, async () => {
        const way = transport(mode);
        await world.routes.prepare(way);
        await world.routes.change(way, { ...NONE, added: [first, second] });
        const { transport: found } = await world.routes.installed();
        assert.deepEqual([found, ...(await routesNow())], [way, first, second]);
        const moved = { ...first, nodeIP: world.near[1] };
        await world.routes.change(way, { ...NONE, changed: [moved], removed: [second] });
        assert.deepEqual(await routesNow(), [moved]);
      });

      it(`${mode}: can be done again`, async () => {
        const way = transport(mode);
        for (let times = 0; times < 2; times += 1) {
          await world.routes.prepare(way);
          await world.routes.change(way, { added: times === 0 ? [first] : [], changed: [first], removed: [second] });
        }
        assert.deepEqual(await routesNow(), [first]);
        await world.routes.remove();
        await world.routes.remove();
        const { transport: found, routes } = await world.routes.installed();
        assert.deepEqual({ found, routes }, { found: undefined, routes: [] });
      });

      it(`${mode}: says when somebody takes a route away, and what is left`, async () => {
        const way = transport(mode);
        await world.routes.prepare(way);
        await world.routes.change(way, { ...NONE, added: [first, second] });
        const stop = new AbortController();
        let seen = 0;
        const watching = (async () => {
          for await (const _ of world.routes.disturbances(stop.signal)) seen += 1;
        })();
        try {
          await eventually(
            async () => {
              await world.damage(first.podCidr);
              return seen > 0;
            },
            { describe: 'the disturbance', everyMs: 100 },
          );
          assert.deepEqual(await routesNow(), [second]);
        } finally {
          stop.abort();
          await watching;
        }
      });
    }

    it('goes from one way to another', async () => {
      await world.routes.prepare(transport('host-gw'));
      await world.routes.change(transport('host-gw'), { ...NONE, added: [first] });
      for (const mode of ['vxlan', 'host-gw'] as const) {
        const way = transport(mode);
        await world.routes.prepare(way);
        const before = await routesNow();
        assert.ok(
          before.every(({ nodeIP }) => nodeIP === ''),
          'no route of the other way counts',
        );
        const isThere = before.length > 0;
        await world.routes.change(way, { ...NONE, [isThere ? 'changed' : 'added']: [first] });
        const { transport: found } = await world.routes.installed();
        assert.deepEqual([found, ...(await routesNow())], [way, first]);
      }
    });

    it('reaches by host-gw only who is near, by vxlan others too; one that cannot be does not stop the rest', async () => {
      const distant = { podCidr: '10.244.3.0/24', nodeIP: world.far };
      const way = transport('host-gw');
      await world.routes.prepare(way);
      await assert.rejects(world.routes.change(way, { ...NONE, added: [distant, first] }), UNREACHED);
      assert.deepEqual(await routesNow(), [first]);
      await world.routes.remove();
      const tunnel = transport('vxlan');
      await world.routes.prepare(tunnel);
      await world.routes.change(tunnel, { ...NONE, added: [distant, first] });
      assert.deepEqual(await routesNow(), [first, distant]);
    });

    it("leaves other people's routes alone", async () => {
      const theirs = { podCidr: '10.244.9.0/24', nodeIP: world.near[0] };
      await world.take(theirs.podCidr);
      const way = transport('host-gw');
      await world.routes.prepare(way);
      await assert.rejects(world.routes.change(way, { ...NONE, added: [theirs, first] }), UNREACHED);
      await world.routes.remove();
      const { routes, taken } = await world.routes.installed();
      assert.deepEqual(routes, []);
      assert.ok(taken.includes(theirs.podCidr), taken.join(' '));
    });
  });
}
