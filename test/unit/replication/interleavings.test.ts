import assert from 'node:assert/strict';
import { createEndpointsLoop } from '../../../reconcilers/endpoints/index.ts';
import { createGarbageCollectorLoop } from '../../../reconcilers/garbage-collector/index.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { createReplicationLoop } from '../../../reconcilers/replication/index.ts';
import { createSchedulerLoop } from '../../../reconcilers/scheduler/index.ts';
import { draftController, draftNode, draftService, reportPod } from '../../fakes/objects.ts';
import { type LoopDeps, type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const WEB = { namespace: 'default', name: 'web' };
const controllers = (deps: LoopDeps) => [
  createReplicationLoop(deps),
  createSchedulerLoop(deps),
  createEndpointsLoop(deps),
  createGarbageCollectorLoop(deps),
];

/** One random thing that happens to the cluster, from people, kubelets or fate. */
async function happen(cluster: TestCluster, random: SeededRandom): Promise<void> {
  const { registry } = cluster;
  const draw = (count: number) => Math.floor(random.next() * count);
  const pods = (await registry.list('Pod')).items;
  const pod = pods[draw(pods.length)];
  const controller = await registry.get('ReplicationController', WEB);
  const what = draw(10);
  if (controller === undefined) {
    await registry.create('ReplicationController', draftController('web', draw(6), { annotations: SOURCE }));
  } else if (what === 0) {
    await registry.delete('ReplicationController', WEB);
  } else if (what <= 2) {
    await registry.update('ReplicationController', {
      ...controller,
      spec: { ...controller.spec, replicas: draw(6) },
    });
  } else if (what <= 4) {
    const changed = structuredClone(controller);
    for (const container of changed.spec.template.spec.containers) container.image = `web:${draw(3)}`;
    await registry.update('ReplicationController', changed);
  } else if (pod !== undefined && what === 5) {
    await registry.delete('Pod', { ...WEB, name: pod.metadata.name }, { gracePeriodSeconds: draw(2) * 30 });
  } else if (pod !== undefined && what === 6) {
    await registry.update('Pod', {
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'debug' } },
    });
  } else {
    await act(cluster, draw(3));
  }
}

/** Who edits what somebody else has just changed is told so; that is all that happens then. */
function unlessRaceIsLost(error: unknown): void {
  if (!isSampanError(error, 'Conflict', 'NotFound')) throw error;
}

const SOURCE = { 'sampan.dev/source': 'folder-manifests' };

/** What kubelets do: pods that are told to go are gone, and up to `most` pods become ready. Answers whether anything was to do. */
async function act({ registry }: TestCluster, most: number): Promise<boolean> {
  const pods = (await registry.list('Pod')).items;
  const going = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined);
  const starting = pods
    .filter((pod) => pod.spec.nodeName !== undefined && pod.status.phase === 'Pending')
    .slice(0, most);
  for (const { metadata } of going)
    await registry.delete('Pod', { ...WEB, name: metadata.name }, { gracePeriodSeconds: 0 });
  for (const { metadata } of starting) {
    if (metadata.deletionTimestamp === undefined) await reportPod(registry, metadata.name, addressOf(metadata.uid));
  }
  return going.length + starting.length > 0;
}

function addressOf(uid: string): string {
  return `10.244.${Number.parseInt(uid.slice(0, 2), 16)}.${Number.parseInt(uid.slice(2, 4), 16)}`;
}

async function checkConverged(cluster: TestCluster, loops: RunningLoops): Promise<void> {
  do {
    await loops.settled();
    // Whoever lost a race waits a moment before the next try.
    await cluster.clock.advance(1_000);
    await loops.settled();
  } while (await act(cluster, 1));
  const controller = await cluster.registry.get('ReplicationController', WEB);
  const own = (await cluster.registry.list('Pod')).items.filter((pod) => pod.metadata.labels?.app === 'web');
  const image = controller?.spec.template.spec.containers[0]?.image;
  assert.deepEqual(
    own.map((pod) => pod.spec.containers[0]?.image),
    Array(controller?.spec.replicas ?? 0).fill(image),
  );
  for (const pod of own) assert.equal(pod.metadata.ownerReferences?.[0]?.uid, controller?.metadata.uid);
  const endpoints = await cluster.registry.get('Endpoints', WEB);
  assert.deepEqual(
    (endpoints?.subsets ?? []).flatMap((subset) => subset.addresses ?? []).map(({ ip }) => ip),
    own.map((pod) => pod.status.podIP ?? '').sort(),
  );
}

describe('controllers under random events and crashes', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`come to what is declared, seed ${seed}`, async () => {
      const random = new SeededRandom(seed);
      const cluster = await createTestCluster({ seed });
      await cluster.registry.create('Node', draftNode('n1'));
      await cluster.registry.create('Node', draftNode('n2'));
      await cluster.registry.create('Service', draftService('web'));
      for (let life = 0; life < 6; life++) {
        const loops = await startLoops(cluster, controllers, { crashAfter: 1 + Math.floor(random.next() * 25) });
        for (let event = 0; event < 8; event++) {
          await happen(cluster, random).catch(unlessRaceIsLost);
          if (random.next() < 0.5) await loops.settled();
        }
        await loops.stop();
      }
      const loops = await startLoops(cluster, controllers);
      await checkConverged(cluster, loops);
      await loops.stop();
    });
  }
});
