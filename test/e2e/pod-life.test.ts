/**
 * The life of pods on a real engine: their order of start, their restarts and ends, and what is said of them. All pods start at once, at
 * the beginning; each test waits for its own.
 */
import assert from 'node:assert/strict';
import type { ContainerStatus, Pod } from '../../reconcilers/objects/pod.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { kubeContainers } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const PODS = '/api/v1/namespaces/default/pods';

/** A container that runs a line of shell. */
function shell(line: string, more: object = {}): object {
  return { name: 'app', image: 'sampan/busybox:1', command: ['busybox', 'sh', '-c', line], ...more };
}

const named = (name: string, container: object): object => ({ ...container, name });

/** Long enough to be told apart in times of whole seconds. */
const INIT = [named('one', shell('sleep 1')), named('two', shell('sleep 1'))];
const FALLBACK = { terminationMessagePolicy: 'FallbackToLogsOnError' };
const NOBODY = { image: 'test/nobody:1', terminationMessagePath: '/dev/end' };
const PRINTER = { name: 'app', image: 'test/printer:1' };
const SIDECAR = named(
  'side',
  shell('trap "echo stopped; exit 0" TERM; while true; do sleep 0.1; done', { restartPolicy: 'Always' }),
);

/** By the name of the pod. */
const SPECS: Readonly<Record<string, object>> = {
  order: { initContainers: INIT, containers: [shell('sleep 1000000')] },
  'order-never': { initContainers: INIT, containers: [shell('exit 0')], restartPolicy: 'Never' },
  'init-never': {
    initContainers: [named('one', shell('exit 3')), ...INIT.slice(1)],
    containers: [shell('true')],
    restartPolicy: 'Never',
  },
  'init-always': { initContainers: [named('one', shell('exit 3'))], containers: [shell('true')] },
  sidecar: {
    initContainers: [SIDECAR, named('one', shell('true'))],
    containers: [shell('sleep 1')],
    restartPolicy: 'Never',
  },
  always: { containers: [shell('exit 0')] },
  'on-failure': { containers: [shell('exit 1'), named('done', shell('exit 0'))], restartPolicy: 'OnFailure' },
  never: {
    containers: [
      shell('exit 7'),
      { ...shell(''), name: 'cannot-run', command: ['/no/such/program'] },
      named('hungry', shell('head -c 1000000000 /dev/zero | tail', { resources: { limits: { memory: '16Mi' } } })),
    ],
    restartPolicy: 'Never',
  },
  image: {
    containers: [
      named('all', PRINTER),
      named('args', { ...PRINTER, args: ['my', 'args'] }),
      named('command', { ...PRINTER, command: ['/bin/busybox', 'printf', 'mine'] }),
      named('both', { ...PRINTER, command: ['/bin/busybox', 'echo'], args: ['both'] }),
    ],
    restartPolicy: 'Never',
  },
  says: {
    containers: [
      named('in-file', shell('printf OK > /dev/termination-log', FALLBACK)),
      named('in-log', shell('echo DONE; exit 1', FALLBACK)),
      named('nothing', shell('echo DONE', FALLBACK)),
      named('as-nobody', shell('printf DONE > /dev/end; busybox id -u', NOBODY)),
    ],
    restartPolicy: 'Never',
  },
  deadline: { containers: [shell('sleep 1000000')], activeDeadlineSeconds: 600 },
  listener: { containers: [shell('cat; echo over', { stdin: true, stdinOnce: true })], restartPolicy: 'Never' },
};

describe('the life of pods', function () {
  this.timeout(90_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;

  /** An image of busybox that differs in its configuration. */
  async function commit(tag: string, ...changes: string[]): Promise<void> {
    const id = (await dockerd.cli('create', 'sampan/busybox:1', 'busybox')).trim();
    await dockerd.cli('commit', ...changes.flatMap((change) => ['--change', change]), id, tag);
    await dockerd.cli('rm', id);
  }

  before('a node, and all pods', async () => {
    dockerd = await bed.dockerd(await bed.netns());
    await commit('test/printer:1', 'ENTRYPOINT ["/bin/busybox", "printf", "%s."]', 'CMD ["of", "image"]');
    await commit('test/nobody:1', 'USER 65534');
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    const pods = Object.entries(SPECS).map(([name, spec]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { terminationGracePeriodSeconds: 1, ...spec },
    }));
    await eventually(async () => (await sampan.api.list('/api/v1/nodes')).length === 1, { describe: 'the node' });
    await Promise.all(pods.map((pod) => sampan.api.create(PODS, pod)));
  });

  const podOf = async (name: string) => (await sampan.api.get(`${PODS}/${name}`)) as unknown as Pod;
  const podThat = (name: string, what: string, holds: (pod: Pod) => boolean) =>
    eventually(
      async () => {
        const pod = await podOf(name);
        if (holds(pod)) return pod;
        throw new Error(JSON.stringify(pod.status));
      },
      { describe: `${name} ${what}`, timeoutMs: 60_000, everyMs: 100 },
    );
  const ended = (name: string) =>
    podThat(name, 'to end', ({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed');
  const appOf = ({ status }: Pod, name = 'app'): ContainerStatus => {
    const found = status.containerStatuses?.find((each) => each.name === name);
    assert.ok(found, `it has a container ${name}`);
    return found;
  };
  const conditionOf = ({ status }: Pod, type: string) => status.conditions?.find((each) => each.type === type);
  const containersOf = async (name: string) => (await kubeContainers(dockerd)).filter(({ pod }) => pod === name);
  const idOf = async (name: string, container = 'app') => {
    const found = (await containersOf(name)).find((each) => each.container === container);
    assert.ok(found, `${name} has a container ${container}`);
    return found.id;
  };
  const logOf = async (name: string, container?: string) => dockerd.cli('logs', await idOf(name, container));

  describe('init containers', () => {
    for (const name of ['order', 'order-never']) {
      it(`run one after another, each to its success, before the pod's own: ${name}`, async () => {
        const done = name === 'order-never' ? 'Succeeded' : 'Running';
        const pod = await podThat(name, `to be ${done}`, ({ status }) => status.phase === done);
        const [one, two] = (pod.status.initContainerStatuses ?? []).map(({ state }) => state.terminated);
        const app = appOf(pod).state;
        assert.deepEqual([one?.exitCode, two?.exitCode], [0, 0]);
        assert.ok(one && two && one.finishedAt <= two.startedAt);
        assert.ok(two.finishedAt <= ((app.running ?? app.terminated)?.startedAt ?? ''));
        assert.equal(conditionOf(pod, 'Initialized')?.status, 'True');
        assert.ok(pod.status.initContainerStatuses?.every(({ ready, restartCount }) => ready && restartCount === 0));
      });
    }

    it('fail a pod that restarts nothing, whose own containers never start', async () => {
      const pod = await ended('init-never');
      assert.equal(pod.status.phase, 'Failed');
      assert.equal(pod.status.initContainerStatuses?.[0]?.state.terminated?.exitCode, 3);
      assert.equal(appOf(pod).state.waiting?.reason, 'PodInitializing');
      assert.equal(conditionOf(pod, 'Initialized')?.reason, 'ContainersNotInitialized');
      assert.deepEqual((await containersOf('init-never')).map(({ container }) => container).sort(), ['one']);
    });

    it('are restarted with back-off in a pod that restarts always, while its own containers wait', async () => {
      const pod = await podThat('init-always', 'to try again and again', ({ status }) => {
        const [one] = status.initContainerStatuses ?? [];
        return (one?.restartCount ?? 0) >= 2 && one?.state.waiting?.reason === 'CrashLoopBackOff';
      });
      assert.equal(pod.status.phase, 'Pending');
      assert.equal(conditionOf(pod, 'Initialized')?.status, 'False');
      assert.equal(appOf(pod).restartCount, 0);
      assert.ok((await containersOf('init-always')).every(({ container }) => container !== 'app'));
    });

    it('that restart always run beside the others, do not keep the pod from ending, and stop with it', async () => {
      const pod = await ended('sidecar');
      assert.equal(pod.status.phase, 'Succeeded');
      const [side, one] = pod.status.initContainerStatuses ?? [];
      const [first, second, app] = [side?.state.terminated, one?.state.terminated, appOf(pod).state.terminated];
      assert.ok(first && second && app);
      assert.ok(first.startedAt <= second.startedAt && app.finishedAt <= first.finishedAt);
      assert.equal(await logOf('sidecar', 'side'), 'stopped\n');
    });
  });

  describe('restart policies', () => {
    it('Always: a container that succeeds is started again', async () => {
      const pod = await podThat('always', 'to be restarted', (each) => appOf(each).restartCount >= 1);
      assert.equal(pod.status.phase, 'Running');
      assert.equal(appOf(pod).lastState.terminated?.reason, 'Completed');
    });

    it('OnFailure: one that fails is, one that succeeds is not', async () => {
      const pod = await podThat('on-failure', 'to be restarted', (each) => appOf(each).restartCount >= 1);
      assert.equal(pod.status.phase, 'Running');
      assert.equal(appOf(pod).lastState.terminated?.exitCode, 1);
      const { state, restartCount, ready } = appOf(pod, 'done');
      assert.deepEqual([state.terminated?.reason, restartCount, ready], ['Completed', 0, false]);
    });

    it('Never: none is', async () => {
      const pod = await ended('never');
      const { state, restartCount, ready } = appOf(pod);
      assert.deepEqual(
        [pod.status.phase, state.terminated?.exitCode, state.terminated?.reason, restartCount, ready],
        ['Failed', 7, 'Error', 0, false],
      );
      assert.equal(conditionOf(pod, 'Ready')?.reason, 'PodFailed');
    });
  });

  describe('command and args', () => {
    const says: Readonly<Record<string, string>> = {
      all: 'of.image.',
      args: 'my.args.',
      command: 'mine',
      both: 'both\n',
    };
    for (const [name, text] of Object.entries(says)) {
      it(`take the place of the image's entrypoint and command: ${name}`, async () => {
        await ended('image');
        assert.equal(await logOf('image', name), text);
      });
    }
  });

  describe('termination messages', () => {
    const says: Readonly<Record<string, string | undefined>> = {
      'in-file': 'OK',
      'in-log': 'DONE\n',
      nothing: undefined,
      'as-nobody': 'DONE',
    };
    for (const [name, message] of Object.entries(says)) {
      it(`are what the container said last: ${name}`, async () => {
        assert.equal(appOf(await ended('says'), name).state.terminated?.message, message);
      });
    }

    it('may be written by somebody else than root', async () => {
      await ended('says');
      assert.equal(await logOf('says', 'as-nobody'), '65534\n');
    });
  });

  describe('ends', () => {
    it('are told apart: what cannot be run, what was killed for its memory, what failed', async () => {
      const pod = await ended('never');
      const { state } = appOf(pod, 'cannot-run');
      assert.equal(state.terminated?.reason, 'ContainerCannotRun');
      assert.match(state.terminated?.message ?? '', /no such file or directory/);
      const hungry = appOf(pod, 'hungry').state.terminated;
      assert.deepEqual([hungry?.reason, hungry?.exitCode], ['OOMKilled', 137]);
    });

    it('come with the end of stdin, where the first who attached leaves and it is wanted once', async () => {
      await podThat('listener', 'to run', ({ status }) => status.phase === 'Running');
      await dockerd.netns.run('docker', ['--host', dockerd.host, 'attach', await idOf('listener')], {
        input: 'hello\n',
      });
      assert.equal((await ended('listener')).status.phase, 'Succeeded');
      assert.equal(await logOf('listener'), 'hello\nover\n');
    });

    it('come when the time is up, which may be set sooner and not later', async () => {
      await podThat('deadline', 'to run', ({ status }) => status.phase === 'Running');
      await assert.rejects(
        sampan.api.patch(`${PODS}/deadline`, { spec: { activeDeadlineSeconds: 700 } }),
        /less than or equal/,
      );
      await sampan.api.patch(`${PODS}/deadline`, { spec: { activeDeadlineSeconds: 1 } });
      const pod = await ended('deadline');
      assert.deepEqual([pod.status.phase, pod.status.reason], ['Failed', 'DeadlineExceeded']);
      await eventually(async () => (await containersOf('deadline')).every(({ running }) => !running), {
        describe: 'its container to be stopped',
      });
    });
  });

  describe('afterwards', () => {
    it('goes on after a restart of the daemon where it was, also where records of containers were removed', async () => {
      const before = await podThat('order', 'to run', ({ status }) => status.phase === 'Running');
      const crashing = await podThat('always', 'to wait', (each) => appOf(each).state.waiting !== undefined);
      await sampan.stop();
      const removed = [...(await containersOf('order')), ...(await containersOf('always'))].filter(
        ({ running }) => !running,
      );
      assert.ok(removed.length >= 3);
      await dockerd.cli('rm', ...removed.map(({ id }) => id));
      await sampan.start();
      const { restartCount } = appOf(crashing);
      await podThat('always', 'to be restarted', (each) => appOf(each).restartCount > restartCount);
      const after = await podOf('order');
      assert.deepEqual(after.status.initContainerStatuses, before.status.initContainerStatuses);
      assert.deepEqual(appOf(after), appOf(before));
      assert.ok((await containersOf('order')).every(({ running }) => running));
    });

    it('deletes a pod that crashes again and again', async () => {
      const crashing = ['init-always', 'on-failure'];
      for (const name of crashing) await sampan.api.delete(`${PODS}/${name}`);
      const isGone = ({ pod }: { readonly pod: string }) => !crashing.includes(pod);
      await eventually(async () => (await kubeContainers(dockerd)).every(isGone), { describe: 'nothing to be left' });
      const names = async () => (await sampan.api.list(PODS)).map(({ metadata }) => ({ pod: metadata.name }));
      await eventually(async () => (await names()).every(isGone), { describe: 'the pods to be gone' });
    });
  });
});
