/**
 * The daemon is killed after each change that it makes, one after the other, before it learns of the change; started again, it comes
 * to what is declared, and leaves alone what was right. A change is one write to the store, one call that changes Docker, one table of
 * routes, one archived revision.
 */
import assert from 'node:assert/strict';
import { type Files, walkthroughFiles } from './harness/declared.ts';
import { guardReplicas, guardRequests, guardServiceAddresses } from './harness/guards.ts';
import { checkConverged, checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { type Machine, World } from './harness/world.ts';

const IMAGES = ['upperstring', 'reversistring', 'tcpserver', 'tcpserver:2'];
const FILES = walkthroughFiles();
const SERVER = 'manifests/tcpserver-rc.yaml';
/** More than the longest story has changes, the repeated ones included. */
const MOST_LIVES = 400;

function edited(edit: (text: string) => string): Files {
  const text = edit(FILES[SERVER] ?? '');
  assert.notEqual(text, FILES[SERVER]);
  return { ...FILES, [SERVER]: text };
}

interface Story {
  readonly name: string;
  /** What is deployed before; absent: nothing, and the daemon has never run. */
  readonly from?: Files;
  readonly to: Files;
  /** Fewer changes than this would mean that the story was not told. */
  readonly leastChanges: number;
  readonly guard?: (world: World) => void;
}

const withoutReversi = Object.fromEntries(Object.entries(FILES).filter(([path]) => !path.includes('reversi')));

const STORIES: readonly Story[] = [
  { name: 'the six manifests are deployed', to: FILES, leastChanges: 80 },
  {
    name: 'a changed image is rolled out',
    from: FILES,
    to: edited((text) => text.replace('image: tcpserver', 'image: tcpserver:2')),
    leastChanges: 40,
    guard: (world) => guardReplicas(world, 'tcpserver', { least: 3, most: 4 }),
  },
  {
    name: 'a controller is scaled up',
    from: FILES,
    to: edited((text) => text.replace('replicas: 3', 'replicas: 5')),
    leastChanges: 12,
    guard: (world) => guardReplicas(world, 'tcpserver', { least: 3, most: 5 }),
  },
  {
    name: 'a controller is scaled down',
    from: FILES,
    to: edited((text) => text.replace('replicas: 3', 'replicas: 1')),
    leastChanges: 8,
    guard: (world) => guardReplicas(world, 'tcpserver', { least: 1, most: 3 }),
  },
  { name: 'two files are removed', from: FILES, to: withoutReversi, leastChanges: 12 },
  {
    name: 'two files are renamed',
    from: FILES,
    to: Object.fromEntries(
      Object.entries(FILES).map(([path, text]) => [path.replace('/reversi', '/deep/reversi'), text]),
    ),
    leastChanges: 4,
    guard: (world) => guardReplicas(world, 'reversi', { least: 2, most: 2 }),
  },
];

/** The world before the story. The daemon runs, but for the first story, where it is to be started. */
async function before({ from, to, guard }: Story): Promise<{ world: World; machine: Machine; revision: string }> {
  const world = new World({ images: IMAGES });
  const machine = world.addMachine();
  if (from !== undefined) {
    world.source.set(from);
    await machine.start();
    await world.until(() => checkConverged(world, from));
  }
  guard?.(world);
  guardRequests(world);
  guardServiceAddresses(world);
  const revision = world.source.set(to, { quiet: true });
  return { world, machine, revision };
}

/** Lets the story begin for a daemon with so many changes to live. Answers whether it died before the end. */
async function tell(story: Story, world: World, machine: Machine, diesAfter: number): Promise<boolean> {
  if (machine.daemon === undefined) await machine.start({ diesAfter });
  machine.daemon?.life.dieAfter(diesAfter);
  world.source.touch();
  await world.until(() => machine.daemon?.life.isOver || checkConverged(world, story.to));
  await world.advance(5_000);
  return machine.daemon?.life.isOver === true;
}

describe('a daemon that is killed after every change it makes', () => {
  for (const story of STORIES) {
    it(`${story.name}`, async () => {
      for (let changes = 1; ; changes++) {
        const { world, machine, revision } = await before(story);
        const died = await tell(story, world, machine, changes);
        if (!died) {
          assert.ok(changes > story.leastChanges, `the story took ${changes} changes`);
          await world.end();
          return;
        }
        const ran = runningIds(world);
        await machine.start();
        try {
          await world.until(() => checkConverged(world, story.to, revision));
          checkUntouched(world, ran);
          await checkQuiet(world, 10_000);
        } catch (error) {
          if (error instanceof Error) error.message = `killed after ${changes} changes: ${error.message}`;
          throw error;
        }
        await world.end();
      }
    }).timeout(120_000);
  }
});

describe('a daemon that never lives longer than a few changes', () => {
  for (const story of STORIES) {
    for (const most of [1, 2, 5]) {
      it(`${story.name}, ${most} at a time`, async () => {
        const { world, machine, revision } = await before(story);
        const isDone = () => {
          checkConverged(world, story.to, revision);
        };
        for (let lives = 0; !holds(isDone); lives++) {
          assert.ok(
            lives < MOST_LIVES,
            `the story is not over after ${lives} lives: ${world.changes.slice(-10).join('; ')}`,
          );
          await machine.start({ diesAfter: most });
          const { life } = machine.daemon ?? assert.fail('it has started');
          // It waits for something (a grace period, the end of a drain), or it is done.
          for (let wait = 0; wait < 100 && !life.isOver && !holds(isDone); wait++) await world.advance(500);
        }
        const ran = runningIds(world);
        await machine.start();
        await world.advance(5_000);
        await world.until(isDone);
        assert.deepEqual(runningIds(world), ran);
        await checkQuiet(world, 10_000);
        await world.end();
      });
    }
  }
});

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) return false;
    throw error;
  }
}
