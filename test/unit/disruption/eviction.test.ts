import assert from 'node:assert/strict';
import { statusOf } from '../../../daemon/serving/status.ts';
import { createDisruptionLoop } from '../../../reconcilers/disruption/index.ts';
import { type EvictionDeps, evictPod } from '../../../reconcilers/kit/eviction.ts';
import type { PodDisruptionBudget } from '../../../reconcilers/objects/kinds/pod-disruption-budget.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import { type ErrorCode, isSampanError } from '../../../reconcilers/ports/errors.ts';
import { draftPod, reportPod } from '../../fakes/objects.ts';
import { type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const BUDGET = { namespace: 'default', name: 'web' };

function key(name: string) {
  return { namespace: 'default', name };
}

function draftBudget(spec: PodDisruptionBudget['spec'], name = 'web'): Draft<PodDisruptionBudget> {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  };
}

function fails(code: ErrorCode, cause = /^/) {
  return (error: unknown) => {
    assert.ok(isSampanError(error, code), `expected ${code}, got ${String(error)}`);
    const [first] = (error.details.causes ?? [{ message: '' }]) as { message: string }[];
    assert.match(first?.message ?? '', cause);
    return true;
  };
}

describe('eviction', () => {
  let cluster: TestCluster;
  let deps: EvictionDeps;
  let loops: RunningLoops;

  const makePod = async (name: string, ready = true) => {
    await cluster.registry.create('Pod', draftPod(name, 'web', { nodeName: 'n1' }));
    await reportPod(cluster.registry, name, '10.244.0.2', ready);
  };
  const budget = async () => {
    const found = await cluster.registry.get('PodDisruptionBudget', BUDGET);
    assert.ok(found);
    return found;
  };
  const isGoing = async (name: string) => {
    const pod = await cluster.registry.get('Pod', key(name));
    return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
  };

  beforeEach(async () => {
    cluster = await createTestCluster();
    deps = { client: cluster.registry, clock: cluster.clock };
    loops = await startLoops(cluster, (loopDeps) => [createDisruptionLoop(loopDeps)]);
  });
  afterEach(() => loops.stop());

  it('deletes what nothing protects, and says on the pod why', async () => {
    await makePod('a');
    await evictPod(key('a'), { gracePeriodSeconds: 7 }, deps);
    const pod = await cluster.registry.get('Pod', key('a'));
    assert.equal(pod?.metadata.deletionGracePeriodSeconds, 7);
    const target = pod?.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual([target?.status, target?.reason], ['True', 'EvictionByEvictionAPI']);
    await assert.rejects(evictPod(key('none'), {}, deps), fails('NotFound'));
  });

  it('takes from the budget what it allows, and no more', async () => {
    for (const name of ['a', 'b', 'c']) await makePod(name);
    await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 2 }));
    await loops.settled();
    assert.equal((await budget()).status.disruptionsAllowed, 1);

    await evictPod(key('a'), { dryRun: true }, deps);
    assert.equal((await budget()).status.disruptionsAllowed, 1, 'a dry run takes nothing');
    await evictPod(key('a'), {}, deps);
    assert.ok(await isGoing('a'));
    await loops.settled();
    const { disruptionsAllowed, currentHealthy, disruptedPods } = (await budget()).status;
    assert.deepEqual([disruptionsAllowed, currentHealthy, disruptedPods], [0, 2, undefined]);

    const refusal = await evictPod(key('b'), {}, deps).catch((error: unknown) => error);
    fails('EvictionRefused', /^The disruption budget web needs 2 healthy pods and has 2 currently$/)(refusal);
    assert.deepEqual(statusOf(refusal), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      reason: 'TooManyRequests',
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
          },
        ],
      },
      code: 429,
    });
    assert.equal(await isGoing('b'), false);
  });

  it('never takes twice what is there once, before anybody counts anew', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await makePod(name);
    await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 2 }));
    await loops.settled();
    await loops.stop();
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => evictPod(key(name), {}, deps)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    assert.equal(refused.length, 2);
    for (const error of refused) fails('EvictionRefused')(error);
    const { disruptedPods = {}, disruptionsAllowed } = (await budget()).status;
    assert.deepEqual([Object.keys(disruptedPods).length, disruptionsAllowed], [2, 0]);
  });

  it('waits for a budget that is not counted yet', async () => {
    await loops.stop();
    await makePod('a');
    await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 0 }));
    const refusal = await evictPod(key('a'), {}, deps).catch((error: unknown) => error);
    fails('EvictionRefused', /^The disruption budget web is still being processed by the server.$/)(refusal);
    assert.equal(statusOf(refusal).details?.retryAfterSeconds, 10);
  });

  it('lets pods go that are not healthy where the healthy suffice, or the budget says so', async () => {
    await makePod('sick', false);
    await makePod('a');
    await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 2 }));
    await loops.settled();
    await assert.rejects(evictPod(key('sick'), {}, deps), fails('EvictionRefused', /needs 2 healthy pods and has 1/));

    const stored = await budget();
    const lenient = { ...stored, spec: { ...stored.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' as const } };
    await cluster.registry.update('PodDisruptionBudget', lenient);
    await loops.settled();
    await assert.rejects(evictPod(key('a'), {}, deps), fails('EvictionRefused'));
    await evictPod(key('sick'), {}, deps);
    assert.ok(await isGoing('sick'));
  });

  it('asks no budget for what has ended, does not run yet, or goes already', async () => {
    await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 100 }));
    await cluster.registry.create('Pod', draftPod('pending', 'web'));
    await makePod('ended');
    const ended = await cluster.registry.get('Pod', key('ended'));
    assert.ok(ended);
    await cluster.registry.updateStatus('Pod', { ...ended, status: { ...ended.status, phase: 'Failed' } });
    await makePod('going');
    await cluster.registry.delete('Pod', key('going'));
    await loops.settled();
    for (const name of ['pending', 'ended', 'going']) await evictPod(key(name), {}, deps);
    assert.equal(await cluster.registry.get('Pod', key('pending')), undefined);
    assert.equal(await cluster.registry.get('Pod', key('ended')), undefined);
  });

  it('serves one budget a pod', async () => {
    await makePod('a');
    for (const name of ['web', 'other']) {
      await cluster.registry.create('PodDisruptionBudget', draftBudget({ minAvailable: 0 }, name));
    }
    await loops.settled();
    const refusal = await evictPod(key('a'), {}, deps).catch((error: unknown) => error);
    fails('SeveralBudgets')(refusal);
    assert.equal(statusOf(refusal).code, 500);
  });

  it('holds to the preconditions it is given', async () => {
    await makePod('a');
    const pod = await cluster.registry.get('Pod', key('a'));
    assert.ok(pod);
    await assert.rejects(evictPod(key('a'), { uid: 'other' }, deps), fails('Conflict'));
    await assert.rejects(evictPod(key('a'), { resourceVersion: '1' }, deps), fails('Conflict'));
    await evictPod(key('a'), { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion }, deps);
    assert.ok(await isGoing('a'));
  });
});
