/** What the API refuses of a revision although it looked right: when it is tried again, and what that touches. */
import assert from 'node:assert/strict';
import type { Service } from '../../../reconcilers/objects/service.ts';
import { controller, SyncFixture, service } from './sync-fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });
const onPort = (nodePort: number) => `type: NodePort\n  ports: [{ port: 80, nodePort: ${nodePort} }]`;

describe('manifest-sync, refusals', () => {
  let fixture: SyncFixture;
  afterEach(() => fixture.close());

  const look = async () => {
    const { reconciler } = fixture.loop;
    const signal = new AbortController().signal;
    await new Promise<void>((resolve) => setImmediate(resolve)); // what the source said arrives
    const { desired, observed } = await reconciler.observe({ namespace: '', name: fixture.source.name }, signal);
    return reconciler.plan(desired, observed, fixture.cluster.clock.now());
  };
  /** Somebody takes the node port when the plan is made, and before it is carried out. */
  const syncOutrun = async (by: string, nodePort: number) => {
    const { actions } = await look();
    await fixture.client.create('Service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: key(by),
      spec: { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }] } as Service['spec'],
      status: { loadBalancer: {} },
    });
    const execution = async () => {
      for (const action of actions) await fixture.loop.reconciler.execute(action, new AbortController().signal);
    };
    await assert.rejects(execution, { code: 'SourceInvalid' });
    await fixture.sync();
  };

  it('tries again what was refused when the cause is gone, also without a new commit', async () => {
    fixture = await SyncFixture.create();
    fixture.source.set({ 'a.yaml': controller('a'), 'b.yaml': service('b', onPort(30_002)) });
    await fixture.sync();
    fixture.source.set({ 'a.yaml': controller('a', { replicas: 2 }), 'b.yaml': service('b', onPort(30_003)) });
    await syncOutrun('manual', 30_003);
    assert.equal((await fixture.condition('Ready')).reason, 'Refused');

    await fixture.client.delete('Service', key('manual'));
    assert.equal((await look()).checkAgainAfterMs, 5_000);
    await fixture.cluster.clock.advance(5_000);
    await fixture.sync();
    assert.equal((await fixture.condition('Ready')).status, 'True');
    const b = await fixture.client.get('Service', key('b'));
    assert.equal(b?.spec.ports[0]?.nodePort, 30_003);
  });

  it('touches nothing else when it tries in vain, says it once, and waits longer each time', async () => {
    fixture = await SyncFixture.create();
    fixture.source.set({ 'a.yaml': controller('a') });
    await fixture.sync();
    fixture.source.set({
      'a.yaml': controller('a', { replicas: 2 }),
      // Out of the range of node ports, which only the API knows.
      'c.yaml': service('c', onPort(80)),
    });
    await fixture.sync();
    const told = (await fixture.status()).history.length;
    for (const waitMs of [5_000, 10_000, 20_000]) {
      assert.deepEqual(await fixture.sync(), [], `quiet until ${waitMs} ms have passed`);
      await fixture.cluster.clock.advance(waitMs);
      const done = await fixture.sync();
      assert.deepEqual(
        done.filter((kind) => kind !== 'record-inventory' && kind !== 'record-status'),
        ['create-object failed'],
      );
    }
    assert.equal((await fixture.status()).history.length, told);
  });

  it('skips only its file where it is told to, and tries that again, too', async () => {
    fixture = await SyncFixture.create({ onInvalid: 'skip-file' });
    fixture.source.set({ 'a.yaml': controller('a'), 'b.yaml': service('b', onPort(30_003)) });
    await syncOutrun('manual', 30_003);
    assert.equal((await fixture.condition('Ready')).reason, 'FilesSkipped');
    await fixture.client.delete('Service', key('manual'));
    await fixture.cluster.clock.advance((await look()).checkAgainAfterMs ?? 0);
    await fixture.sync();
    assert.equal((await fixture.condition('Ready')).reason, 'Applied');
  });

  it('counts in the history what all attempts for a revision did, and nothing of what was taken back', async () => {
    fixture = await SyncFixture.create();
    fixture.source.set({ 'a.yaml': controller('a'), 'b.yaml': controller('b'), 'c.yaml': controller('c') });
    await fixture.sync({ crashAfter: 3 });
    await fixture.sync();
    const counts = async () => {
      const { created, changed, pruned } = (await fixture.status()).history[0] ?? {};
      return { created, changed, pruned };
    };
    assert.deepEqual(await counts(), { created: 3, changed: 0, pruned: 0 });

    fixture.source.set({
      'b.yaml': controller('b'),
      'c.yaml': controller('c'),
      'd.yaml': service('d', onPort(30_004)),
    });
    await syncOutrun('manual', 30_004);
    await fixture.client.delete('Service', key('manual'));
    await fixture.cluster.clock.advance(5_000);
    await fixture.sync();
    assert.deepEqual(await counts(), { created: 1, changed: 0, pruned: 1 });
  });
});
