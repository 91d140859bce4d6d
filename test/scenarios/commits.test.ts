/**
 * How a person works: commits, bad commits and their fixes, reverts, removals, a repo that is away. Told on the walkthrough's
 * manifests, with all loops wired.
 */
import assert from 'node:assert/strict';
import { ANNOTATION_CONFIRM_PRUNE, ANNOTATION_MAX_UNAVAILABLE, type Source } from '../../reconcilers/objects/source.ts';
import { type Files, walkthroughFiles } from './harness/declared.ts';
import { guardReplicas, guardRequests } from './harness/guards.ts';
import { checkConverged, checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { type Machine, World } from './harness/world.ts';

const IMAGES = ['upperstring', 'reversistring', 'tcpserver', 'tcpserver:2', 'tcpserver:3'];
const FILES = walkthroughFiles();
const SERVER = 'manifests/tcpserver-rc.yaml';
/** `least` and `most` of tcpserver's three pods in a rollout: 25 % more, none less. */
const LIMITS = { least: 3, most: 4 };

function withServer(from: string, to: string): Files {
  const text = FILES[SERVER]?.replace(from, to) ?? '';
  assert.notEqual(text, FILES[SERVER]);
  return { ...FILES, [SERVER]: text };
}

describe('commits', () => {
  let world: World;
  let machine: Machine;

  beforeEach(async () => {
    world = new World({ images: IMAGES });
    machine = world.addMachine();
    world.source.set(FILES);
    await machine.start();
    await world.until(() => checkConverged(world, FILES));
  });

  afterEach(() => world.end());

  const condition = (type: string) => source().status.conditions.find((each) => each.type === type);
  const source = (): Source => {
    const [found] = world.ledger.list('Source');
    assert.ok(found);
    return found;
  };
  const images = () => machine.runtime.containers.filter(({ state }) => state === 'running').map(({ image }) => image);

  it('a change is rolled out, its revert rolls it back, and no request is refused', async () => {
    guardReplicas(world, 'tcpserver', LIMITS);
    guardRequests(world);
    const changed = withServer('image: tcpserver', 'image: tcpserver:2');
    const before = runningIds(world);
    world.source.set(changed);
    await world.until(() => checkConverged(world, changed));
    checkUntouched(world, before);

    // A revert is a new commit of the old files.
    const revert = world.source.set(FILES, { revision: 'the-revert', subject: 'Revert "tcpserver 2"' });
    await world.until(() => checkConverged(world, FILES, revert));
    const history = source().status.history.map(({ outcome, message }) => `${outcome} ${message}`);
    assert.deepEqual(history, ['Applied Revert "tcpserver 2"', 'Applied a commit', 'Applied a commit']);
    await checkQuiet(world, 60_000);
  });

  it('a change that is overtaken by the next, in the middle of its rollout, leaves nothing of itself', async () => {
    guardReplicas(world, 'tcpserver', LIMITS);
    guardRequests(world);
    machine.runtime.latencyMs.set('start', 200);
    world.source.set(withServer('image: tcpserver', 'image: tcpserver:2'));
    await world.until(() => assert.ok(images().includes('tcpserver:2')));
    assert.ok(images().includes('tcpserver'), 'the rollout is in its middle');
    const last = withServer('image: tcpserver', 'image: tcpserver:3');
    const revision = world.source.set(last);
    await world.until(() => checkConverged(world, last, revision));
  });

  it('a change to an image that nobody has leaves the old serving, and the fix gets through', async () => {
    guardReplicas(world, 'tcpserver', LIMITS);
    guardRequests(world);
    const before = runningIds(world);
    world.source.set(withServer('image: tcpserver', 'image: nobody/has:1'));
    await world.advance(10 * 60_000);
    const left = [...before].filter(([id]) => !runningIds(world).has(id));
    assert.deepEqual(left, [], 'all that ran runs on');
    const waiting = world.ledger.list('Pod').flatMap(({ status }) => status.containerStatuses ?? []);
    assert.ok(waiting.some(({ state }) => state.waiting?.reason === 'ImagePullBackOff'));

    const fixed = withServer('image: tcpserver', 'image: tcpserver:2');
    const revision = world.source.set(fixed);
    await world.until(() => checkConverged(world, fixed, revision), 5_000);
  });

  it('one of three may be missing in a rollout, but only once a new one has proved itself', async () => {
    const mayMiss = (image: string) =>
      withServer('labels:\n    name: tcpserver\nspec', `annotations: { ${ANNOTATION_MAX_UNAVAILABLE}: '1' }\nspec`)[
        SERVER
      ]?.replace('image: tcpserver', `image: ${image}`) ?? '';
    const annotated = { ...FILES, [SERVER]: mayMiss('tcpserver') };
    const applied = world.source.set(annotated);
    await world.until(() => checkConverged(world, annotated, applied));
    const limits = { ...LIMITS };
    guardReplicas(world, 'tcpserver', limits);
    world.source.set({ ...FILES, [SERVER]: mayMiss('nobody/has:1') });
    await world.advance(10 * 60_000);
    await world.until(() => assert.equal(images().filter((image) => image === 'tcpserver').length, 3));

    limits.least = 2;
    const changed = { ...FILES, [SERVER]: mayMiss('tcpserver:2') };
    const revision = world.source.set(changed);
    await world.until(() => checkConverged(world, changed, revision));
  });

  it('a change to an image that crashes leaves the old serving, and the revert gets through', async () => {
    guardReplicas(world, 'tcpserver', LIMITS);
    machine.runtime.addImage('crash:1', { exitCode: 1 });
    const serving = () => machine.installedTable?.routes.find(({ name }) => name === 'default/tcpserver')?.endpoints;
    const before = serving();
    world.source.set(withServer('image: tcpserver', 'image: crash:1'));
    await world.advance(10 * 60_000);
    assert.deepEqual(serving(), before);
    world.source.set(FILES);
    await world.until(() => checkConverged(world, FILES), 5_000);
  });

  it('a bad commit is refused whole, what runs stays and is defended, and the fix gets through', async () => {
    const before = runningIds(world);
    const applied = source().status.appliedRevision;
    const another = FILES[SERVER]?.replaceAll('tcpserver', 'another') ?? '';
    world.source.set({ ...withServer('replicas: 3', 'replicas: three'), 'manifests/new-rc.yaml': another });
    await world.until(() => assert.equal(condition('Valid')?.status, 'False'));
    assert.match(condition('Valid')?.message ?? '', /manifests\/tcpserver-rc\.yaml:8 .*"three"/);
    assert.equal(source().status.appliedRevision, applied);

    await machine.start();
    await world.person.delete('Service', { namespace: 'default', name: 'upper' });
    await world.advance(5_000);
    assert.ok(
      world.ledger.list('Service').some(({ metadata }) => metadata.name === 'upper'),
      'what the last good commit declares is put back',
    );
    checkUntouched(world, before);

    const fixed = withServer('replicas: 3', 'replicas: 4');
    const revision = world.source.set(fixed);
    await world.until(() => checkConverged(world, fixed, revision), 10_000);
    checkUntouched(world, before);
  });

  it('a commit that removes most is held until it is confirmed, also over a restart', async () => {
    const before = runningIds(world);
    const few = Object.fromEntries(Object.entries(FILES).filter(([path]) => path.includes('upper')));
    const revision = world.source.set(few);
    await world.until(() => assert.equal(condition('PruneConfirmed')?.status, 'False'));
    await machine.start();
    await world.advance(15 * 60_000);
    assert.deepEqual(runningIds(world), before);

    const { metadata } = source();
    const annotations = { ...metadata.annotations, [ANNOTATION_CONFIRM_PRUNE]: revision };
    await world.person.update('Source', { ...source(), metadata: { ...metadata, resourceVersion: '', annotations } });
    await world.until(() => checkConverged(world, few, revision), 60_000);
    checkUntouched(world, before);
  });

  it('a source that vanishes prunes nothing, also over a restart, and goes on when it is back', async () => {
    const before = runningIds(world);
    world.source.vanish();
    await world.until(() => assert.equal(condition('Reachable')?.status, 'False'));
    await machine.start();
    await world.advance(15 * 60_000);
    assert.deepEqual(runningIds(world), before);

    const changed = withServer('replicas: 3', 'replicas: 2');
    const revision = world.source.set(changed);
    await world.until(() => checkConverged(world, changed, revision), 60_000);
  });

  it('a file that is renamed moves, and nothing is touched', async () => {
    const before = runningIds(world);
    const moved = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`deep/${path}`, text]));
    const revision = world.source.set(moved);
    await world.until(() => checkConverged(world, moved, revision));
    assert.deepEqual(runningIds(world), before);
  });
});
