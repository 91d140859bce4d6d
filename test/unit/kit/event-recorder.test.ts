import assert from 'node:assert/strict';
import { StoredEventRecorder } from '../../../reconcilers/kit/event-recorder.ts';
import type { Event } from '../../../reconcilers/objects/cluster.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const GATHERED_MS = 250;

describe('event recorder', () => {
  let cluster: TestCluster;
  let recorder: StoredEventRecorder;
  let about: KubeObject;

  beforeEach(async () => {
    cluster = await createTestCluster();
    const { registry: client, clock, random } = cluster;
    recorder = new StoredEventRecorder('kubelet', 'node-1', { client, clock, random, log: new CollectedLog() });
    about = (await client.get('Namespace', { namespace: '', name: 'default' })) as KubeObject;
  });

  const events = async (): Promise<Event[]> => (await cluster.registry.list('Event')).items;

  it('writes what came within a moment together, without being asked', async () => {
    recorder.record(about, 'Normal', 'Created', 'Created container app');
    recorder.record(about, 'Normal', 'Started', 'Started container app');
    assert.deepEqual(await events(), []);

    await cluster.clock.advance(GATHERED_MS);
    await recorder.flush();
    const written = await events();
    assert.deepEqual(written.map(({ reason }) => reason).sort(), ['Created', 'Started']);
    assert.deepEqual(written[0]?.source, { component: 'kubelet', host: 'node-1' });
  });

  it('counts repeats on one object, whether they come at once or later', async () => {
    recorder.record(about, 'Warning', 'BackOff', 'Back-off restarting failed container');
    recorder.record(about, 'Warning', 'BackOff', 'Back-off restarting failed container');
    await recorder.flush();
    await cluster.clock.advance(60_000);
    recorder.record(about, 'Warning', 'BackOff', 'Back-off restarting failed container');
    await recorder.flush();

    const [event, ...others] = await events();
    assert.deepEqual(others, []);
    assert.equal(event?.count, 3);
    assert.equal(Date.parse(event?.lastTimestamp ?? '') - Date.parse(event?.firstTimestamp ?? ''), 60_000);
  });

  it('makes a new object where the one it counted on is gone', async () => {
    recorder.record(about, 'Normal', 'Created', 'again and again');
    await recorder.flush();
    const [first] = await events();
    await cluster.registry.delete('Event', { namespace: 'default', name: first?.metadata.name ?? '' });
    recorder.record(about, 'Normal', 'Created', 'again and again');
    await recorder.flush();

    assert.deepEqual(
      (await events()).map(({ count }) => count),
      [1],
    );
  });

  it('goes on after an event that could not be written', async () => {
    const homeless: KubeObject = { ...about, metadata: { ...about.metadata, namespace: 'nowhere' } };
    recorder.record(homeless, 'Normal', 'Lost', 'its namespace does not exist');
    recorder.record(about, 'Normal', 'Created', 'this one is written');
    await recorder.flush();
    assert.deepEqual(
      (await events()).map(({ reason }) => reason),
      ['Created'],
    );
  });
});
