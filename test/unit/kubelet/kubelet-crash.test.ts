/**
 * The daemon is killed before and after every single call it makes to Docker and to the store, started again, and must end where
 * an undisturbed one ends: nothing twice, nothing left over.
 */
import assert from 'node:assert/strict';
import type { Container, PodPhase } from '../../../reconcilers/objects/pod.ts';
import { isPodReady } from '../../../reconcilers/objects/pod.ts';
import { KubeletBed, type Mortal } from './kubelet-bed.ts';

const DEATH_RUNTIME = ['create', 'start', 'stop', 'remove', 'ensureNetwork', 'pull', 'exec'];
const DEATH_CLIENT = ['updateStatus', 'delete'];

/** Lets the world answer `lives` calls that change something; the next one is the daemon's last. */
function mortality(lives: number, moment: 'before' | 'after') {
  let left = lives;
  const state = { died: false };
  const wrap = <T extends object>(target: T, deadly: readonly string[]): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const call = () => Reflect.apply(value, object, args) as unknown;
          if (state.died) return isStream(name) ? call() : new Promise(() => {});
          if (!deadly.includes(String(name))) return call();
          left -= 1;
          if (left >= 0) return call();
          state.died = true;
          if (moment === 'after') void Promise.resolve(call()).catch(() => {});
          return new Promise(() => {});
        };
      },
    });
  const mortal = (world: Mortal): Mortal => ({
    runtime: wrap(world.runtime, DEATH_RUNTIME),
    client: wrap(world.client, DEATH_CLIENT),
  });
  return { mortal, state };
}

function isStream(name: string | symbol): boolean {
  return name === 'events' || name === 'watch';
}

interface Story {
  readonly name: string;
  readonly prepare: (bed: KubeletBed) => Promise<void>;
  readonly act: (bed: KubeletBed) => Promise<void>;
  readonly end: readonly string[];
  /** Default: Running. */
  readonly phase?: PodPhase;
}

const INIT: readonly Container[] = [
  { name: 'one', image: 'done' },
  { name: 'side', image: 'far/side:1', restartPolicy: 'Always' },
  { name: 'two', image: 'done' },
];

const CHECK = { exec: { command: ['check'] } };
const ATTENDED = [
  {
    name: 'web',
    image: 'attended',
    lifecycle: { postStart: CHECK, preStop: CHECK },
    readinessProbe: CHECK,
    livenessProbe: CHECK,
  } as never,
];

const STORIES: readonly Story[] = [
  {
    name: 'a new pod of two containers',
    prepare: async () => {},
    act: async (bed) => {
      const containers = ['web', 'side'].map((name) => ({ name, image: name === 'web' ? 'web' : 'far/side:1' }));
      await bed.addPod({ containers });
    },
    end: ['POD_0 running', 'side_0 running', 'web_0 running'],
  },
  {
    name: 'a new pod with init containers and a sidecar',
    prepare: async () => {},
    act: async (bed) => void (await bed.addPod({ initContainers: [...INIT] })),
    end: ['POD_0 running', 'one_0 exited', 'side_0 running', 'two_0 exited', 'web_0 running'],
  },
  {
    name: 'a pod that runs to its end, with its sidecar',
    prepare: async () => {},
    act: async (bed) => {
      const containers = [{ name: 'web', image: 'done' }];
      await bed.addPod({ initContainers: [...INIT], containers, restartPolicy: 'OnFailure' });
    },
    end: ['one_0 exited', 'side_0 exited', 'two_0 exited', 'web_0 exited'],
    phase: 'Succeeded',
  },
  {
    name: 'a pause container that died beside init containers',
    prepare: async (bed) => void (await bed.addPod({ initContainers: [{ name: 'one', image: 'done' }] })),
    act: async (bed) => bed.runtime.exit((await bed.container('POD')).id, 137),
    end: ['POD_1 running', 'one_0 exited', 'one_1 exited', 'web_0 exited', 'web_1 running'],
  },
  {
    name: 'a pod whose time is up',
    prepare: async (bed) => void (await bed.addPod({ activeDeadlineSeconds: 1 })),
    act: async () => {},
    end: ['web_0 exited'],
    phase: 'Failed',
  },
  {
    name: 'a container that died',
    prepare: async (bed) => void (await bed.addPod()),
    act: async (bed) => bed.runtime.exit((await bed.container('web')).id, 1),
    end: ['POD_0 running', 'web_0 exited', 'web_1 running'],
  },
  {
    name: 'a pause container that died',
    prepare: async (bed) => void (await bed.addPod()),
    act: async (bed) => bed.runtime.exit((await bed.container('POD')).id, 137),
    end: ['POD_1 running', 'web_0 exited', 'web_1 running'],
  },
  {
    name: 'a changed image',
    prepare: async (bed) => void (await bed.addPod()),
    act: async (bed) => {
      const pod = await bed.pod();
      const spec = { ...pod.spec, containers: [{ name: 'web', image: 'far/side:1' }] };
      await bed.cluster.registry.update('Pod', { ...pod, spec });
    },
    end: ['POD_0 running', 'web_0 exited', 'web_1 running'],
  },
  {
    name: 'a new pod with a hook and probes',
    prepare: async () => {},
    act: async (bed) => void (await bed.addPod({ containers: ATTENDED })),
    end: ['POD_0 running', 'web_0 running'],
  },
  {
    name: 'a deleted pod with a hook',
    prepare: async (bed) => {
      await bed.addPod({ containers: ATTENDED });
      await bed.advance(1_000);
    },
    act: async (bed) => void (await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' })),
    end: [],
  },
  {
    name: 'a deleted pod',
    prepare: async (bed) => void (await bed.addPod()),
    act: async (bed) => void (await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' })),
    end: [],
  },
];

describe('kubelet killed at every call', () => {
  for (const story of STORIES) {
    for (const moment of ['before', 'after'] as const) {
      it(`${story.name}: ${moment} the call`, async () => {
        for (let lives = 0; ; lives++) {
          assert.ok(lives < 50, 'the story comes to an end');
          const bed = await KubeletBed.create();
          bed.runtime.registry.images.set('far/side:1', {});
          bed.runtime.addImage('done', { exitCode: 0 });
          bed.runtime.addImage('attended', { programs: { check: async () => 0 } });
          await bed.start();
          await story.prepare(bed);
          await bed.stop();

          const { mortal, state } = mortality(lives, moment);
          await bed.start(mortal);
          await story.act(bed);
          await bed.advance(1_500);
          bed.kill();

          await bed.start();
          await bed.advance(15_000);
          assert.deepEqual(await bed.summary(), story.end, `after ${lives} calls`);
          const names = (await bed.containers()).map(({ name }) => name);
          assert.equal(new Set(names).size, names.length);
          const pods = (await bed.cluster.registry.list('Pod')).items;
          assert.equal(pods.length, story.end.length === 0 ? 0 : 1);
          for (const pod of pods) {
            assert.equal(pod.status.phase, story.phase ?? 'Running');
            if (story.phase === undefined) assert.ok(isPodReady(pod), `ready after ${lives} calls`);
          }
          await bed.stop();
          if (!state.died) {
            assert.ok(lives >= 3, 'the daemon died at several calls');
            break;
          }
        }
      });
    }
  }
});
