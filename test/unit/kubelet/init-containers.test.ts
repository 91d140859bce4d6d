/** Init containers and sidecars over the fake runtime: their order, their restarts, what survives a new daemon, how they end. */
import assert from 'node:assert/strict';
import { podStatus } from '../../../reconcilers/objects/kinds/pod-columns.ts';
import type { Container, PodSpec } from '../../../reconcilers/objects/pod.ts';
import { KubeletBed } from './kubelet-bed.ts';

const INIT = [
  { name: 'one', image: 'task' },
  { name: 'two', image: 'task' },
];

describe('kubelet: init containers', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    for (const image of ['task', 'side']) bed.runtime.addImage(image);
    bed.runtime.addImage('done', { exitCode: 0 });
    bed.runtime.addImage('broken', { exitCode: 3 });
    await bed.start();
  });
  afterEach(() => bed.stop());

  const add = (spec: Partial<PodSpec>) => bed.addPod(spec);
  const end = async (name: string, exitCode = 0) => {
    bed.runtime.exit((await bed.container(name)).id, exitCode);
    await bed.settled();
  };
  const condition = async (type: string) => (await bed.pod()).status.conditions?.find((each) => each.type === type);
  const removeEnded = async (name: string) => {
    for (const { id, name: full, state } of await bed.containers()) {
      if (full.startsWith(`k8s_${name}_`) && state === 'exited') await bed.runtime.remove(id);
    }
    await bed.settled();
  };

  it('run one after another, each to its success, before the pod itself', async () => {
    await add({ initContainers: INIT });
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'one_0 running']);
    assert.equal(podStatus(await bed.pod()), 'Init:0/2');
    assert.equal((await bed.pod()).status.phase, 'Pending');
    assert.deepEqual(await condition('Initialized').then((c) => [c?.status, c?.reason, c?.message]), [
      'False',
      'ContainersNotInitialized',
      'containers with incomplete status: [one two]',
    ]);
    await end('one');
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'one_0 exited', 'two_0 running']);
    assert.equal(podStatus(await bed.pod()), 'Init:1/2');
    await end('two');
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'one_0 exited', 'two_0 exited', 'web_0 running']);
    const pod = await bed.pod();
    assert.equal(podStatus(pod), 'Running');
    assert.deepEqual(
      pod.status.initContainerStatuses?.map(({ ready, started, state }) => [ready, started, state.terminated?.reason]),
      [
        [true, false, 'Completed'],
        [true, false, 'Completed'],
      ],
    );
    assert.equal((await condition('Initialized'))?.status, 'True');
    assert.equal((await condition('Ready'))?.status, 'True');
  });

  it('are run again with back-off while they fail, and the pod waits', async () => {
    await add({ initContainers: INIT });
    await end('one', 1);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'one_0 exited', 'one_1 running']);
    await end('one', 1);
    assert.equal(podStatus(await bed.pod()), 'Init:CrashLoopBackOff');
    assert.equal((await bed.pod()).status.phase, 'Pending');
    assert.equal((await bed.pod()).status.containerStatuses?.[0]?.state.waiting?.reason, 'PodInitializing');
    await bed.advance(10_000);
    await end('one');
    assert.equal(podStatus(await bed.pod()), 'Init:1/2');
    assert.equal((await bed.pod()).status.initContainerStatuses?.[0]?.restartCount, 2);
  });

  it('fail the pod that restarts nothing', async () => {
    await add({ initContainers: [{ name: 'one', image: 'broken' }, ...INIT.slice(1)], restartPolicy: 'Never' });
    await bed.advance(20_000);
    assert.deepEqual(await bed.summary(), ['one_0 exited']);
    const pod = await bed.pod();
    assert.equal(pod.status.phase, 'Failed');
    assert.equal(podStatus(pod), 'Init:Error');
    assert.equal(pod.status.initContainerStatuses?.[0]?.state.terminated?.exitCode, 3);
    assert.equal(pod.status.containerStatuses?.[0]?.state.waiting?.reason, 'PodInitializing');
    assert.equal((await condition('Initialized'))?.status, 'False');
    assert.equal((await condition('Ready'))?.reason, 'PodFailed');
  });

  it('are not run again by the next daemon, even when nothing is left of them', async () => {
    await add({ initContainers: INIT });
    await end('one');
    await bed.stop();
    await removeEnded('one');
    await bed.start();
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'two_0 running']);
    await end('two');
    await removeEnded('two');
    await bed.advance(1_000);
    await end('web', 1);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    assert.equal((await bed.pod()).status.initContainerStatuses?.[0]?.state.terminated?.reason, 'Completed');
  });

  it('are not run again where the record of the last one went before anything else started', async () => {
    await add({ initContainers: INIT, containers: [{ name: 'web', image: 'far/web:1' }] });
    await end('one');
    await end('two');
    await bed.stop();
    await removeEnded('one');
    await removeEnded('two');
    await bed.start();
    bed.runtime.registry.images.set('far/web:1', {});
    await bed.advance(30_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
  });

  it('are run again in a new pause container, before the others', async () => {
    await add({ initContainers: INIT });
    await end('one');
    await end('two');
    await end('POD', 137);
    await bed.advance(1_000);
    assert.deepEqual(await bed.summary(), [
      'POD_1 running',
      'one_0 exited',
      'one_1 running',
      'two_0 exited',
      'web_0 exited',
    ]);
    assert.equal((await condition('Initialized'))?.status, 'False');
    await end('one');
    await end('two');
    assert.ok((await bed.summary()).includes('web_1 running'));
    assert.equal((await bed.pod()).status.phase, 'Running');
  });

  it('are run again when everything was removed by hand', async () => {
    await add({ initContainers: INIT });
    await end('one');
    await end('two');
    await bed.advance(5_000);
    for (const { id } of await bed.containers()) await bed.runtime.remove(id);
    await bed.settled();
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'one_1 running']);
  });

  describe('that restart always', () => {
    const sidecar = (name: string): Container => ({ name, image: 'side', restartPolicy: 'Always' });
    const withSidecars = { initContainers: [sidecar('first'), INIT[0] as Container, sidecar('second')] };

    it('are started in their turn, run beside the pod, and count for its readiness', async () => {
      await add(withSidecars);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 running', 'one_0 running']);
      assert.equal(podStatus(await bed.pod()), 'Init:1/3');
      await end('one');
      assert.ok((await bed.summary()).includes('web_0 running'));
      assert.equal((await condition('Ready'))?.status, 'True');
      await end('first', 1);
      await end('first', 1);
      assert.equal((await condition('Ready'))?.message, 'containers with unready status: [first]');
      assert.equal((await bed.pod()).status.phase, 'Running');
      await bed.advance(10_000);
      assert.ok((await bed.summary()).includes('first_2 running'));
      assert.equal((await bed.container('web')).name.endsWith('_0'), true);
    });

    it('are restarted while an init container after them runs', async () => {
      await add(withSidecars);
      await end('first', 0);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 exited', 'first_1 running', 'one_0 running']);
    });

    it('do not keep the pod from ending, and stop last to first', async () => {
      await add({ ...withSidecars, restartPolicy: 'Never' });
      await end('one');
      const mark = bed.runtime.calls.length;
      await end('web', 0);
      await bed.advance(1_000);
      const pod = await bed.pod();
      assert.equal(pod.status.phase, 'Succeeded');
      assert.equal(podStatus(pod), 'Completed');
      assert.deepEqual(stopsSince(mark), ['second', 'first']);
      assert.deepEqual(await bed.summary(), ['first_0 exited', 'one_0 exited', 'second_0 exited', 'web_0 exited']);
      assert.ok(pod.status.initContainerStatuses?.every(({ state }) => state.terminated));
    });

    it('stop after the others, last to first, also when nobody knows the pod any more', async () => {
      await add(withSidecars);
      await end('one');
      const mark = bed.runtime.calls.length;
      await bed.stop();
      await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
      await bed.start();
      await bed.advance(1_000);
      assert.deepEqual(stopsSince(mark), ['web', 'second', 'first']);
      assert.deepEqual(await bed.summary(), []);
    });

    it('have what is left of the grace period of a deleted pod, and no more', async () => {
      bed.runtime.addImage('stubborn', { onSigterm: 'ignore' });
      await add({
        initContainers: [{ ...sidecar('first'), image: 'stubborn' }],
        containers: [{ name: 'web', image: 'stubborn' }],
        terminationGracePeriodSeconds: 10,
      });
      await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' });
      await bed.advance(9_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 running', 'web_0 running']);
      await bed.advance(1_500);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 running', 'web_0 exited']);
      await bed.advance(2_500);
      assert.deepEqual(await bed.summary(), []);
    });

    /** Of which containers, in order. */
    const stopsSince = (mark: number) =>
      bed.runtime.calls
        .slice(mark)
        .filter(({ operation }) => operation === 'stop')
        .map(({ subject }) => names.get(subject) ?? '');
    const names = new Map<string, string>();
    beforeEach(() => {
      names.clear();
      const create = bed.runtime.create.bind(bed.runtime);
      bed.runtime.create = async (spec) => {
        const id = await create(spec);
        names.set(id, spec.name.split('_')[1] ?? '');
        return id;
      };
    });
  });
});

describe('kubelet: a pod with a deadline', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    await bed.start();
  });
  afterEach(() => bed.stop());

  it('has failed when its time is up, and what runs of it is stopped', async () => {
    await bed.addPod({ activeDeadlineSeconds: 60 });
    await bed.advance(59_000);
    assert.equal((await bed.pod()).status.phase, 'Running');
    await bed.advance(2_000);
    const { phase, reason, message, containerStatuses } = (await bed.pod()).status;
    assert.deepEqual(
      { phase, reason, message },
      {
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    );
    assert.ok(containerStatuses?.[0]?.state.terminated);
    assert.deepEqual(await bed.summary(), ['web_0 exited']);
    assert.ok(
      bed.events.includes('Normal DeadlineExceeded Pod was active on the node longer than the specified deadline'),
    );
    await bed.stop();
    await bed.start();
    await bed.advance(60_000);
    assert.deepEqual(await bed.summary(), ['web_0 exited']);
  });

  it('fails sooner when the deadline is set sooner', async () => {
    await bed.addPod({ activeDeadlineSeconds: 600 });
    await bed.advance(30_000);
    const pod = await bed.pod();
    await bed.cluster.registry.update('Pod', { ...pod, spec: { ...pod.spec, activeDeadlineSeconds: 20 } });
    await bed.advance(100);
    assert.equal((await bed.pod()).status.reason, 'DeadlineExceeded');
  });
});
