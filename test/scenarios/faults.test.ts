/** Single faults and what must come of them: containers killed, Docker or the store away, rules flushed, a machine lost. */
import assert from 'node:assert/strict';
import { LABEL_CONTAINER, SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import { isPodReady } from '../../reconcilers/objects/pod.ts';
import { walkthroughFiles } from './harness/declared.ts';
import { checkConverged, checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { type Machine, World } from './harness/world.ts';

const IMAGES = ['upperstring', 'reversistring', 'tcpserver', 'tcpserver:2'];
const FILES = walkthroughFiles();

async function deployedOn(machines: number): Promise<World> {
  const world = new World({ images: IMAGES });
  for (let count = 0; count < machines; count++) world.addMachine();
  world.source.set(FILES);
  for (const machine of world.machines) await machine.start();
  await world.until(() => checkConverged(world, FILES));
  return world;
}

describe('faults on one machine', () => {
  let world: World;
  let machine: Machine;

  beforeEach(async () => {
    world = await deployedOn(1);
    machine = world.machines[0] as Machine;
  });

  afterEach(() => world.end());

  it('all containers removed behind its back come back, while it runs', async () => {
    for (const { id } of machine.runtime.containers) await machine.runtime.remove(id);
    await world.until(() => checkConverged(world, FILES), 10_000);
    await checkQuiet(world, 60_000);
  });

  it('all pause containers killed while it was down: every pod is whole again', async () => {
    machine.kill();
    const pauses = machine.runtime.containers.filter(({ labels }) => labels[LABEL_CONTAINER] === SANDBOX);
    for (const { id } of pauses) machine.runtime.exit(id, 137);
    await machine.start();
    await world.until(() => checkConverged(world, FILES), 30_000);
  });

  it('Docker restarted under it: everything runs again, by itself', async () => {
    machine.runtime.goDown();
    await world.advance(20_000);
    machine.runtime.comeBack();
    await world.until(() => checkConverged(world, FILES), 60_000);
    await checkQuiet(world, 60_000);
  });

  it('Docker away and back with its containers: nothing is touched', async () => {
    const before = runningIds(world);
    machine.runtime.goDown();
    await world.advance(60_000);
    machine.runtime.comeBack({ liveRestore: true });
    await world.until(() => checkConverged(world, FILES), 60_000);
    assert.deepEqual(runningIds(world), before);
  });

  it('the store away for half a minute: nothing is touched, and the commit made meanwhile is applied', async () => {
    const before = runningIds(world);
    world.store.goAway();
    const scaled = { ...FILES };
    scaled['manifests/upper-rc.yaml'] = FILES['manifests/upper-rc.yaml']?.replace('replicas: 2', 'replicas: 3') ?? '';
    const revision = world.source.set(scaled);
    await world.advance(30_000);
    assert.deepEqual(runningIds(world), before);
    world.store.comeBack();
    await world.until(() => checkConverged(world, scaled, revision), 60_000);
    checkUntouched(world, before);
  });

  it('started while the store is away: it waits, and touches nothing', async () => {
    const before = runningIds(world);
    world.store.goAway();
    await machine.start();
    await world.advance(60_000);
    assert.deepEqual(runningIds(world), before);
    world.store.comeBack();
    await world.advance(10_000);
    checkConverged(world, FILES);
    checkUntouched(world, before);
    await checkQuiet(world, 60_000);
  });

  it('its watch compacted away while it looks elsewhere: it lists again and goes on, heartbeat and all', async () => {
    world.store.holdWatches();
    await world.person.delete('ReplicationController', { namespace: 'default', name: 'upper' });
    await world.store.compact(world.ledger.revision);
    world.store.breakWatches();
    await world.until(() => checkConverged(world, FILES), 30_000);
    await checkQuiet(world, 60_000);
    const [node] = world.ledger.list('Node');
    assert.equal(node?.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  });

  it('flushed rules are put back at once, and refused ones are tried again', async () => {
    const before = machine.installedTable;
    machine.filter.damage();
    await world.settled();
    assert.deepEqual(machine.installedTable, before);

    machine.filter.failure = new Error('nft: resource busy');
    machine.filter.damage();
    await world.until(() => assert.deepEqual(machine.installedTable, before), 5_000);
  });
});

describe('a machine that is lost', () => {
  let world: World;
  afterEach(() => world.end());

  const readyOf = (name: string) =>
    world.ledger
      .list('Node')
      .find(({ metadata }) => metadata.name === name)
      ?.status.conditions?.find(({ type }) => type === 'Ready')?.status;

  it('is NotReady after its grace period, gets no requests, and its pods are replaced on the other one', async () => {
    world = await deployedOn(2);
    const [master, lost] = world.machines as [Machine, Machine];
    const of = (node: string) => world.ledger.list('Pod').filter(({ spec }) => spec.nodeName === node);
    const addresses = new Set(of(lost.name).map(({ status }) => status.podIP));
    assert.ok(addresses.size > 0, 'it has pods');
    const stayed = runningIds({ machines: [master] } as unknown as World);

    lost.kill();
    await world.advance(5_000);
    assert.equal(readyOf(lost.name), 'True', 'a moment of silence is nothing');
    await world.advance(10_000);
    assert.equal(readyOf(lost.name), 'Unknown');
    assert.ok(of(lost.name).every((pod) => !isPodReady(pod)));
    const routed = master.installedTable?.routes.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip)) ?? [];
    assert.deepEqual(
      routed.filter((ip) => addresses.has(ip)),
      [],
    );

    // What the lost machine cannot confirm to be gone is only marked; what replaces it runs.
    await world.advance(60_000);
    const running = of(master.name).filter((pod) => isPodReady(pod) && pod.metadata.deletionTimestamp === undefined);
    assert.equal(running.length, 7);
    for (const [id] of stayed) assert.ok(runningIds(world).has(id), 'the other machine is not disturbed');

    await lost.start();
    await world.until(() => checkConverged(world, FILES), 60_000);
    assert.equal(readyOf(lost.name), 'True');
    assert.deepEqual(lost.runtime.containers, [], 'nobody wants what it still ran');
  });

  it('keeps its pods when it is back before they are given up', async () => {
    world = await deployedOn(2);
    const lost = world.machines[1] as Machine;
    const before = runningIds(world);
    lost.kill();
    await world.advance(25_000);
    await lost.start();
    await world.until(() => checkConverged(world, FILES), 30_000);
    assert.deepEqual(runningIds(world), before);
  });

  it('is not argued with: a kubelet whose node is not heard leaves the word of the master, until it is heard again', async () => {
    world = await deployedOn(2);
    const silent = world.machines[1] as Machine;
    const before = runningIds(world);
    const pods = () => world.ledger.list('Pod').filter(({ spec }) => spec.nodeName === silent.name);
    const writes = new Map(pods().map(({ metadata }) => [`/registry/pods/default/${metadata.name}`, 0]));
    const eachWritten = (times: number) => assert.deepEqual([...writes.values()], Array(writes.size).fill(times));
    world.ledger.onRevision((entries) => {
      for (const { key } of entries) {
        const count = writes.get(key);
        if (count !== undefined) writes.set(key, count + 1);
        if (count === 10) silent.kill(); // or the two would go on for ever, in no time at all
      }
    });
    await silent.start({ stuck: 'node-status' });
    await world.advance(25_000);
    assert.equal(readyOf(silent.name), 'Unknown');
    assert.ok(writes.size > 0 && pods().every((pod) => !isPodReady(pod)));
    eachWritten(1);

    await silent.start();
    await world.until(() => checkConverged(world, FILES), 30_000);
    eachWritten(2);
    assert.deepEqual(runningIds(world), before);
  });

  it('keeps its pods where it is the only one', async () => {
    world = await deployedOn(1);
    const [machine] = world.machines as [Machine];
    const before = runningIds(world);
    machine.kill();
    await world.advance(10 * 60_000);
    await machine.start();
    await world.until(() => checkConverged(world, FILES), 30_000);
    assert.deepEqual(runningIds(world), before);
  });
});
