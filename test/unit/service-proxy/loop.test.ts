/** The loop over the fake filter: what makes it look, and that it settles, repairs and survives a refused ruleset. */
import assert from 'node:assert/strict';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import type { ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import type { EndpointSlice } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { Service } from '../../../reconcilers/objects/service.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import { createServiceProxyLoop } from '../../../reconcilers/service-proxy/index.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { NODE_NAME, testService, testSlice } from '../../e2e/service-proxy/objects.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakePacketFilter } from '../../fakes/fake-packet-filter.ts';

const NETWORK = { serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/24', clusterCidr: '10.244.0.0/16' };

describe('service-proxy loop', () => {
  const services: Service[] = [testService('web', '10.96.0.10', { port: 80 })];
  let slices: EndpointSlice[];
  let filter: FakePacketFilter;
  let clock: FakeClock;
  let tell: (change: ObjectChange) => void;
  let stop: AbortController;
  let running: Promise<void>;

  const endpointsNow = () => filter.applied.at(-1)?.routes[0]?.endpoints.map(({ ip }) => ip);
  const write = (...ips: string[]) => {
    const object = testSlice(
      'web',
      ips.map((ip) => ({ ip, port: 8000 })),
    );
    slices = [object];
    tell({ type: 'MODIFIED', kind: 'EndpointSlice', object });
  };

  beforeEach(async () => {
    slices = [testSlice('web', [{ ip: '10.244.0.2', port: 8000 }])];
    filter = new FakePacketFilter(systemRandom);
    clock = new FakeClock();
    stop = new AbortController();
    const cache = {
      list: (kind: string) => ({ Service: services, EndpointSlice: slices, Node: [] })[kind],
    } as unknown as ReadOnlyCache;
    const subscribe = (listener: (change: ObjectChange) => void) => {
      tell = listener;
      return () => {};
    };
    const deps = { cache: { subscribe }, clock, random: systemRandom, log: new CollectedLog() };
    const loop = new RunLoop(
      createServiceProxyLoop({ cache, filter, clock, nodeName: NODE_NAME, network: () => NETWORK }),
      deps,
    );
    running = loop.run(stop.signal);
    await eventually(() => loop.quiet && filter.applied.length === 1, { describe: 'the first table' });
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('applies a changed endpoint', async () => {
    write('10.244.0.3');
    await eventually(() => endpointsNow()?.join() === '10.244.0.3', { describe: 'the new endpoint' });
    assert.equal(filter.applied.length, 2);
  });

  it('applies nothing for a write that changes no route', async () => {
    write('10.244.0.2');
    write('10.244.0.2', '10.244.0.3');
    await eventually(() => endpointsNow()?.length === 2, { describe: 'the second endpoint' });
    assert.equal(filter.applied.length, 2);
  });

  it('gathers endpoints that come one after another, the longer the more of them follow', async () => {
    const ips = Array.from({ length: 50 }, (_, index) => `10.244.0.${2 + index}`);
    for (let ready = 2; ready <= ips.length; ready += 1) {
      write(...ips.slice(0, ready));
      await clock.advance(40);
    }
    await clock.advance(1000);
    assert.equal(endpointsNow()?.length, 50);
    const counts = filter.applied.map(({ routes }) => routes[0]?.endpoints.length ?? 0);
    assert.deepEqual(counts, [1, 2, 5, 11, 23, 48, 50], 'a single one does not wait');
  });

  it('waits for nothing after a rest', async () => {
    write('10.244.0.2', '10.244.0.3');
    write('10.244.0.2', '10.244.0.3', '10.244.0.4');
    await clock.advance(3000);
    write('10.244.0.2', '10.244.0.3', '10.244.0.4', '10.244.0.5');
    await eventually(() => endpointsNow()?.length === 4, { describe: 'the fourth endpoint' });
  });

  it('does not wait to take an endpoint away, nor to give a Service its first', async () => {
    for (const ips of [
      ['10.244.0.2', '10.244.0.3'],
      ['10.244.0.3'],
      [],
      ['10.244.0.4'],
      ['10.244.0.5', '10.244.0.6'],
    ]) {
      write(...ips);
      await eventually(() => endpointsNow()?.join() === ips.join(), { describe: `endpoints ${ips}` });
    }
  });

  it('waits no longer than a pause when the clock is set back', async () => {
    write('10.244.0.2', '10.244.0.3');
    await clock.advance(0);
    clock.jump(-3_600_000);
    write('10.244.0.2', '10.244.0.3', '10.244.0.4');
    assert.equal(endpointsNow()?.length, 2);
    await clock.advance(125);
    assert.equal(endpointsNow()?.length, 3);
  });

  it('puts the routes back after a disturbance', async () => {
    filter.damage();
    await eventually(() => filter.applied.length === 2, { describe: 'the repair' });
    assert.deepEqual(filter.applied[1], filter.applied[0]);
  });

  it('tries again when the filter refuses', async () => {
    filter.failure = new SampanError('PacketFilterFailed', { detail: 'busy' });
    write('10.244.0.3');
    await eventually(
      async () => {
        await clock.advance(1000);
        return endpointsNow()?.join() === '10.244.0.3';
      },
      { describe: 'the second attempt' },
    );
  });
});
