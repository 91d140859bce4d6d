/** Services of one commit that want each other's addresses: who gives up, who takes, and what stays in force meanwhile. */
import assert from 'node:assert/strict';
import { serviceClaims } from '../../../reconcilers/manifest-sync/cluster-problems.ts';
import { inOrder } from '../../../reconcilers/manifest-sync/write-order.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { controller, SyncFixture, service } from './sync-fixture.ts';

const onPorts = (...nodePorts: number[]) =>
  `type: NodePort\n  ports: [${nodePorts.map((nodePort, index) => `{ name: p${index}, port: ${80 + index}, nodePort: ${nodePort} }`)}]`;

describe('manifest-sync, swaps', () => {
  let fixture: SyncFixture;
  beforeEach(async () => {
    fixture = await SyncFixture.create();
  });
  afterEach(() => fixture.close());

  const claims = async () => {
    const { items } = await fixture.client.list('Service');
    return Object.fromEntries(
      items.map(({ metadata, spec }) => [
        metadata.name,
        serviceClaims(spec as unknown as JsonObject).filter((claim) => claim.includes('/')),
      ]),
    );
  };
  const ips = async () => {
    const { items } = await fixture.client.list('Service');
    return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.clusterIP]));
  };
  const declare = (services: Record<string, string>) =>
    fixture.source.set(
      Object.fromEntries(Object.entries(services).map(([name, extra]) => [`${name}.yaml`, service(name, extra)])),
    );

  it('swaps the node ports of two Services, taking them from one of the two only, and keeps both cluster IPs', async () => {
    declare({ a: onPorts(30_001), b: onPorts(30_002), c: onPorts(30_003) });
    await fixture.sync();
    const before = await ips();
    declare({ a: onPorts(30_002), b: onPorts(30_001), c: onPorts(30_003) });
    assert.deepEqual(await fixture.sync(), ['release-addresses', 'patch-object', 'patch-object', 'record-status']);
    assert.deepEqual(await claims(), { a: ['30002/TCP'], b: ['30001/TCP'], c: ['30003/TCP'] });
    assert.deepEqual(await ips(), before);
    const [newest] = (await fixture.status()).history;
    assert.deepEqual([newest?.outcome, newest?.changed], ['Applied', 2]);
  });

  it('makes a namespace before what is in it, whatever comes first', async () => {
    const make = (kind: 'Namespace' | 'Service', namespace: string, name: string) => ({
      kind: 'create-object' as const,
      target: { kind, key: { namespace, name } },
      object: { spec: {} },
      ...{ source: 'web', revision: '1', file: 'a.yaml', line: 1 },
    });
    const steps = [make('Service', 'shop', 'till'), make('Namespace', '', 'shop')];
    const observed = { reading: { reachable: false, message: '' }, live: [], claims: [], rejections: [] } as const;
    const { actions } = inOrder(steps, { ...observed, namespaces: [], terminatingNamespaces: [], sources: [] });
    assert.deepEqual(actions, steps.toReversed());
  });

  it('passes them on around a ring, and through one that is no part of it', async () => {
    declare({ a: onPorts(30_001), b: onPorts(30_002), c: onPorts(30_003), d: onPorts(30_004, 30_005) });
    await fixture.sync();
    declare({ a: onPorts(30_002), b: onPorts(30_003), c: onPorts(30_001), d: onPorts(30_006, 30_005) });
    const done = await fixture.sync();
    assert.equal(done.filter((kind) => kind === 'release-addresses').length, 1);
    assert.deepEqual(await claims(), {
      a: ['30002/TCP'],
      b: ['30003/TCP'],
      c: ['30001/TCP'],
      d: ['30006/TCP', '30005/TCP'],
    });
  });

  it('swaps cluster IPs: both Services are made anew', async () => {
    declare({
      a: 'clusterIP: 10.96.0.20\n  ports: [{ port: 80 }]',
      b: 'clusterIP: 10.96.0.21\n  ports: [{ port: 80 }]',
    });
    await fixture.sync();
    declare({
      a: 'clusterIP: 10.96.0.21\n  ports: [{ port: 80 }]',
      b: 'clusterIP: 10.96.0.20\n  ports: [{ port: 80 }]',
    });
    await fixture.sync();
    assert.deepEqual(await ips(), { a: '10.96.0.21', b: '10.96.0.20' });
    assert.equal((await fixture.condition('Ready')).status, 'True');
  });

  it('swaps back when the commit that swaps is refused for another reason', async () => {
    declare({ a: onPorts(30_001), b: onPorts(30_002) });
    await fixture.sync();
    // Out of the range of node ports, which only the API knows.
    declare({ a: onPorts(30_002), b: onPorts(30_001), c: onPorts(80) });
    await fixture.sync();
    assert.deepEqual(await claims(), { a: ['30001/TCP'], b: ['30002/TCP'] });
    assert.equal((await fixture.condition('Ready')).reason, 'Refused');
  });

  for (let crashAfter = 0; crashAfter < 5; crashAfter++) {
    it(`completes a swap that died after ${crashAfter} actions`, async () => {
      declare({ a: onPorts(30_001), b: onPorts(30_002) });
      await fixture.sync();
      fixture.source.set({
        'a.yaml': service('a', onPorts(30_002)),
        'b.yaml': service('b', onPorts(30_001)),
        'c.yaml': controller('c'),
      });
      await fixture.sync({ crashAfter });
      await fixture.restart();
      await fixture.sync();
      assert.deepEqual(await claims(), { a: ['30002/TCP'], b: ['30001/TCP'] });
      assert.equal((await fixture.condition('Ready')).status, 'True');
    });
  }
});
