/** The clean-up of images as it runs: what brings it to look, and what it does where Docker refuses or is away. */
import assert from 'node:assert/strict';
import { createImageGarbageLoop } from '../../../reconcilers/image-garbage/index.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { MemoryImageLedger } from '../../fakes/memory-image-ledger.ts';
import { type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const MINUTE = 60_000;

describe('image-garbage', () => {
  let cluster: TestCluster;
  let runtime: FakeRuntime;
  let ledger: MemoryImageLedger;
  let loops: RunningLoops;

  beforeEach(async () => {
    cluster = await createTestCluster();
    runtime = new FakeRuntime(cluster);
    ledger = new MemoryImageLedger();
    runtime.disk = { capacityBytes: 1000, takenBytes: 800 };
    await cluster.registry.create('Node', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1' },
      spec: {},
      status: {},
    });
  });
  afterEach(() => loops.stop());

  const start = async () => {
    const config = {
      nodeName: 'node-1',
      pauseImage: 'sampan/pause:1',
      containerLabel: 'owner=me',
      imageGarbage: { highPercent: 85, lowPercent: 80, minimumAgeMs: 2 * MINUTE },
    };
    loops = await startLoops(cluster, (deps) => [createImageGarbageLoop({ ...deps, runtime, ledger, config })]);
    await passed(0);
  };
  const passed = async (ms: number) => {
    await cluster.clock.advance(ms + 1_001);
    await loops.settled();
  };
  /** As the kubelet does it. */
  const pull = async (name: string, sizeBytes: number) => {
    runtime.addImage(name, { sizeBytes });
    const id = (await runtime.image(name))?.id ?? '';
    await ledger.update(id, () => ({ id, names: [`docker.io/library/${name}`], pulledAt: cluster.clock.now() }));
  };
  const run = async (image: string, labels = { owner: 'me' }) => {
    const id = await runtime.create({ name: `of-${image}`, image, labels, network: { kind: 'host' } });
    await runtime.start(id);
    return id;
  };
  const present = async () => (await runtime.images()).flatMap(({ names }) => names);

  it('looks again as soon as an image comes, one is old enough, or a container of its own goes', async () => {
    await pull('used:1', 100);
    const id = await run('used:1');
    await start();
    await pull('idle:1', 10);
    await passed(0);
    assert.deepEqual(await present(), ['used:1', 'idle:1']);
    await passed(2 * MINUTE);
    assert.deepEqual(await present(), ['used:1']);
    await runtime.remove(id);
    await passed(0);
    assert.deepEqual(await present(), []);
    assert.deepEqual(await ledger.entries(), []);
  });

  it("leaves alone what a stranger's container has, and what nobody wrote down", async () => {
    await pull('used:1', 100);
    runtime.addImage('built:1', { sizeBytes: 100 });
    await run('used:1', { owner: 'me too' });
    await start();
    await passed(10 * MINUTE);
    assert.deepEqual(await present(), ['used:1', 'built:1']);
  });

  it('tells of an image that Docker will not let go, goes on with the next, and tries again later', async () => {
    await pull('stuck:1', 100);
    await pull('idle:1', 10);
    const remove = runtime.removeImage.bind(runtime);
    let isStuck = true;
    runtime.removeImage = async (id, names) => {
      const holder = names.includes('stuck:1') && isStuck ? await run('stuck:1') : undefined;
      await remove(id, names).finally(() => holder && runtime.remove(holder));
    };
    await start();
    await passed(2 * MINUTE);
    assert.deepEqual(await present(), ['stuck:1']);
    const [told = '', ...more] = loops.events.filter((event) => event.startsWith('ImageGCFailed'));
    assert.match(
      told,
      /^ImageGCFailed: wanted to free 100 bytes, but freed 0 bytes space with errors in image deletion: /,
    );
    assert.deepEqual(more, []);
    isStuck = false;
    await passed(5 * MINUTE);
    assert.deepEqual(await present(), []);
  });

  it('does nothing while Docker is away, and looks when it is back', async () => {
    await pull('idle:1', 100);
    await start();
    runtime.goDown();
    await passed(10 * MINUTE);
    runtime.comeBack();
    await passed(5_000);
    assert.deepEqual(await present(), []);
    assert.deepEqual(
      loops.log.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('asks Docker for nothing but its disk where nothing was pulled', async () => {
    runtime.disk = { capacityBytes: 1000, takenBytes: 0 };
    await start();
    await passed(5 * MINUTE);
    assert.ok(runtime.calls.length > 0 && runtime.calls.every(({ operation }) => operation === 'info'));
  });
});
