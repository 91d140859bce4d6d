/**
 * A disk that fills up: what the daemon pulled and nobody needs any more goes, and nothing else, also when it is killed at any of the
 * changes that it makes on the way. All loops wired.
 */
import assert from 'node:assert/strict';
import { checkQuiet } from './harness/invariants.ts';
import { type Machine, World } from './harness/world.ts';

const GIB = 2 ** 30;
const MINUTE = 60_000;

function pod(name: string, image: string): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: app, image: "${image}" }]
`;
}

describe('a disk that fills up', () => {
  let world: World;
  let machine: Machine;

  beforeEach(() => {
    world = new World({ images: ['built:1'] });
    machine = world.addMachine();
    machine.runtime.disk = { capacityBytes: 100 * GIB, takenBytes: 70 * GIB };
    const { images } = machine.runtime.registry;
    images.set('first:1', { sizeBytes: 8 * GIB });
    images.set('first:2', { sizeBytes: 8 * GIB });
    images.set('other:1', { sizeBytes: GIB });
  });
  afterEach(() => world.end());

  const present = async () => (await machine.runtime.images()).flatMap(({ names }) => names).sort();
  const running = () =>
    machine.runtime.containers.flatMap(({ image, state }) =>
      state === 'running' && image !== 'sampan/pause:1' ? image : [],
    );
  const declare = (images: Readonly<Record<string, string>>) =>
    world.source.set(
      Object.fromEntries(Object.entries(images).map(([name, image]) => [`manifests/${name}.yaml`, pod(name, image)])),
    );
  const untilRun = (...images: string[]) => world.until(() => assert.deepEqual(running().sort(), images));

  it('loses the images that nobody uses, the built one and those in use stay', async () => {
    declare({ a: 'first:1', b: 'other:1', c: 'built:1' });
    await machine.start();
    await untilRun('built:1', 'first:1', 'other:1');
    declare({ d: 'first:2', b: 'other:1' });
    await untilRun('first:2', 'other:1');
    await world.advance(10 * MINUTE);
    assert.deepEqual(await present(), ['built:1', 'first:2', 'other:1', 'sampan/pause:1']);
    await checkQuiet(world, 15 * MINUTE);
  });

  it('is told of where there is nothing to remove, once', async () => {
    machine.runtime.disk = { capacityBytes: 100 * GIB, takenBytes: 95 * GIB };
    declare({ b: 'other:1' });
    await machine.start();
    await untilRun('other:1');
    await world.advance(40 * MINUTE);
    const told = world.ledger.list('Event').filter(({ reason }) => reason === 'FreeDiskSpaceFailed');
    assert.deepEqual(
      told.map(({ involvedObject, count }) => [involvedObject.name, count]),
      [[machine.name, 1]],
    );
  });

  it('loses no other images where the daemon is killed in the middle', async () => {
    declare({ a: 'first:1', b: 'other:1' });
    await machine.start();
    await untilRun('first:1', 'other:1');
    declare({ d: 'first:2', b: 'other:1' });
    for (let diesAfter = 1; diesAfter <= 24; diesAfter++) {
      await machine.start({ diesAfter });
      await world.advance(5_000);
    }
    await machine.start();
    await untilRun('first:2', 'other:1');
    await world.advance(10 * MINUTE);
    assert.deepEqual(await present(), ['built:1', 'first:2', 'other:1', 'sampan/pause:1']);
    assert.deepEqual((await machine.images.entries()).map(({ names }) => names).sort(), [
      ['docker.io/library/first:2'],
      ['docker.io/library/other:1'],
    ]);
  });
});
