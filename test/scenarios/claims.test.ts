/**
 * Storage that lasts, with a daemon that is killed after each change it makes, before it learns of it: what a claim holds is never
 * removed while the claim is there or a container has it, and never left behind when both are gone.
 */
import assert from 'node:assert/strict';
import { checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { type Machine, World } from './harness/world.ts';

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
const POD = `apiVersion: v1
kind: ReplicationController
metadata: { name: db }
spec:
  replicas: 1
  template:
    metadata: { labels: { name: db } }
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{ name: db, image: db, volumeMounts: [{ name: data, mountPath: /data }] }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;
const OTHER_POD = POD.replace('image: db', 'image: db:2');

interface Story {
  readonly name: string;
  readonly from?: Record<string, string>;
  readonly to: Record<string, string>;
  readonly leastChanges: number;
}

const STORIES: readonly Story[] = [
  { name: 'a claim and its pod are declared', to: { 'claim.yaml': CLAIM, 'db.yaml': POD }, leastChanges: 25 },
  {
    name: 'the pod is replaced',
    from: { 'claim.yaml': CLAIM, 'db.yaml': POD },
    to: { 'claim.yaml': CLAIM, 'db.yaml': OTHER_POD },
    leastChanges: 12,
  },
  { name: 'the pod goes', from: { 'claim.yaml': CLAIM, 'db.yaml': POD }, to: { 'claim.yaml': CLAIM }, leastChanges: 6 },
  { name: 'the claim goes with its pod', from: { 'claim.yaml': CLAIM, 'db.yaml': POD }, to: {}, leastChanges: 15 },
];

function checkStorage({ ledger }: World, { claimFolders, runtime }: Machine, files: Record<string, string>): void {
  const claims = ledger.list('PersistentVolumeClaim');
  const volumes = ledger.list('PersistentVolume');
  const running = runtime.containers.filter(({ state, name }) => state === 'running' && name.startsWith('k8s_db_'));
  const wanted = 'db.yaml' in files ? (files['db.yaml'] === OTHER_POD ? ['db:2'] : ['db']) : [];
  assert.deepEqual(
    running.map(({ image }) => image),
    wanted,
    'containers',
  );
  assert.equal(ledger.list('Pod').length, wanted.length, 'pods');
  if (!('claim.yaml' in files)) {
    assert.deepEqual([claims.length, volumes.length, claimFolders.volumes], [0, 0, []], 'nothing is left');
    return;
  }
  const [claim] = claims;
  const [volume] = volumes;
  assert.deepEqual([claim?.status.phase, volume?.status.phase], ['Bound', 'Bound'], 'phases');
  assert.equal(claim?.spec.volumeName, volume?.metadata.name);
  assert.deepEqual(claimFolders.volumes, [volume?.metadata.name]);
  assert.equal(
    running.length === 0 || runtime.specOf(running[0]?.id ?? '')?.mounts?.[0]?.source === volume?.spec.local?.path,
    true,
  );
}

/** Whoever removes a folder must not be wrong about it: at that instant nobody wants or has it. */
function guardFolders(world: World, machine: Machine): void {
  let before: readonly string[] = [];
  world.onChange(() => {
    const now = machine.claimFolders.volumes;
    const removed = before.filter((name) => !now.includes(name));
    before = [...now];
    for (const name of removed) {
      const path = machine.claimFolders.pathOf(name);
      const users = machine.runtime.containers.filter(({ id }) =>
        machine.runtime.specOf(id)?.mounts?.some(({ source }) => source === path),
      );
      assert.deepEqual(users.length, 0, `containers that have ${name} when it is removed`);
      const claims = world.ledger.list('PersistentVolumeClaim').filter(({ spec }) => spec.volumeName === name);
      assert.deepEqual(claims, [], `claims of ${name} when it is removed`);
    }
  });
}

async function before({ from, to }: Story): Promise<{ world: World; machine: Machine; written: string | undefined }> {
  const world = new World({ images: ['db', 'db:2'] });
  const machine = world.addMachine();
  guardFolders(world, machine);
  if (from !== undefined) {
    world.source.set(from);
    await machine.start();
    await world.until(() => checkStorage(world, machine, from));
  }
  const [written] = machine.claimFolders.volumes;
  if (written !== undefined) await machine.claimFolders.write(written);
  world.source.set(to, { quiet: true });
  return { world, machine, written };
}

describe('claims, of a daemon that is killed after every change it makes', () => {
  for (const story of STORIES) {
    it(`${story.name}`, async () => {
      for (let changes = 1; ; changes++) {
        const { world, machine, written } = await before(story);
        if (machine.daemon === undefined) await machine.start({ diesAfter: changes });
        machine.daemon?.life.dieAfter(changes);
        world.source.touch();
        await world.until(() => machine.daemon?.life.isOver || checkStorage(world, machine, story.to));
        await world.advance(5_000);
        const died = machine.daemon?.life.isOver === true;
        const ran = runningIds(world);
        if (died) await machine.start();
        try {
          await world.until(() => checkStorage(world, machine, story.to));
          if (died && story.name === STORIES[0]?.name) checkUntouched(world, ran);
          if (written !== undefined && 'claim.yaml' in story.to) {
            assert.equal(await machine.claimFolders.state(written), 'used', 'what was written is there');
          }
          await checkQuiet(world, 10_000);
        } catch (error) {
          if (error instanceof Error) error.message = `killed after ${changes} changes: ${error.message}`;
          throw error;
        }
        await world.end();
        if (died) continue;
        assert.ok(changes > story.leastChanges, `the story took ${changes} changes`);
        return;
      }
    }).timeout(120_000);
  }

  it('stays where it was first made, also when other nodes are free', async () => {
    const world = new World({ images: ['db', 'db:2'] });
    const [first, second] = [world.addMachine(), world.addMachine()];
    world.source.set({ 'claim.yaml': CLAIM, 'db.yaml': POD });
    await first.start();
    await second.start();
    const holder = () => [first, second].find(({ claimFolders }) => claimFolders.volumes.length > 0);
    const runsOn = () =>
      [first, second].filter(({ runtime }) => runtime.containers.some(({ name }) => name.startsWith('k8s_db_')));
    await world.until(() => assert.deepEqual([runsOn().length, runsOn()[0] === holder()], [1, true]));
    const home = holder();
    for (let round = 0; round < 3; round++) {
      const [pod] = world.ledger.list('Pod');
      await world.person.delete('Pod', { namespace: 'default', name: pod?.metadata.name ?? '' });
      await world.until(() => {
        const [next] = world.ledger.list('Pod');
        assert.notEqual(next?.metadata.uid, pod?.metadata.uid);
        assert.deepEqual([next?.status.phase, next?.spec.nodeName], ['Running', home?.name]);
      });
    }
    await world.end();
  });
});
