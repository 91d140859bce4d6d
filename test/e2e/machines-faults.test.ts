/**
 * Four machines (three masters, an agent) and what happens to one of them or to the network between them: a cable cut in one direction, an engine
 * killed, a clock set off, packets late and lost, a machine dead, a machine drained. All the while clients of every master write to the
 * store, and in the end their history must be a true one.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { violationsOf } from '../model/history.ts';
import { eventually } from './harness/eventually.ts';
import type { KubeObject } from './harness/kube-client.ts';
import { runningContainers, runningIds } from './harness/kube-containers.ts';
import { cut, slow } from './harness/lan-faults.ts';
import { type Machine, type Machines, type Master, startMachines } from './harness/machines.ts';
import { clockSetOff } from './harness/set-clock.ts';
import { UnexpectedStatus } from './harness/socket-request.ts';
import { StoreClients } from './harness/store-clients.ts';
import { useTestBed } from './harness/test-bed.ts';
import { untilReady, type Web, webManifest } from './harness/web.ts';

const PODS = '/api/v1/namespaces/default/pods';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
/** To find out, to wait, and to start pods elsewhere, on a machine that is busy with four engines. */
const RECOVERED_MS = 60_000;
/** What is to be there within a second of the masters' knowing; and what a busy machine of tests needs beside. */
const FOLLOWED_MS = 3_000;

describe('machines with faults', function () {
  this.timeout(150_000);
  const bed = useTestBed();
  let folder: string;
  let machines: Machines;
  let clients: StoreClients;
  let web: Web & { readonly clusterIP: string };

  const declare = (changed: Partial<Web> = {}) => {
    web = { ...web, ...changed };
    return writeFile(join(folder, 'web.yaml'), webManifest(web));
  };
  const master = (number: number): Master => {
    const found = machines.masters[number - 1];
    assert.ok(found);
    return found;
  };
  const agent = () => {
    const [found] = machines.agents;
    assert.ok(found);
    return found;
  };
  const apiOf = (number: number) => master(number).daemon.api;
  const podsOn = async ({ name }: Machine, through = 1) =>
    (await apiOf(through).list(PODS)).filter(({ spec }) => spec.nodeName === name);
  const untilNode = (name: string, ready: string, through = 1) =>
    eventually(
      async () => {
        const { status } = await apiOf(through).get(`/api/v1/nodes/${name}`);
        return status.conditions.find(({ type }: { type: string }) => type === 'Ready').status === ready;
      },
      { describe: `${name} to be ready: ${ready}`, timeoutMs: RECOVERED_MS, everyMs: 100 },
    );
  /** What runs on all machines together is what the API says, no more, and no address is held twice. */
  const untilSettled = async (through = 1) => {
    await untilReady(master(through).daemon, web, RECOVERED_MS);
    await eventually(
      async () => {
        const running = await Promise.all(machines.all.map(({ dockerd }) => runningContainers(dockerd)));
        const uids = running.flat().flatMap(({ container, podUid }) => (container === 'app' ? [podUid] : []));
        const pods = await apiOf(through).list(PODS);
        assert.deepEqual(uids.sort(), pods.map(({ metadata }) => metadata.uid ?? '').sort());
        const addresses = pods.map(({ status }) => status.podIP as string);
        assert.equal(new Set(addresses).size, web.replicas, 'addresses');
        return pods.length === web.replicas;
      },
      { describe: 'what runs to be what is declared, once', timeoutMs: RECOVERED_MS, everyMs: 200 },
    );
  };
  const ask = ({ netns }: Machine) =>
    netns.run('busybox', ['nc', '-w', '3', web.clusterIP, '80'], { input: 'GET / HTTP/1.0\r\n\r\n', timeoutMs: 5_000 });
  const untilAnswered = (machine: Machine) =>
    eventually(async () => (await ask(machine)).includes('200 OK'), {
      describe: `the Service to answer on ${machine.name}`,
      timeoutMs: RECOVERED_MS,
    });

  const leader = () =>
    eventually(
      async () => {
        const alive = machines.masters.filter(({ daemon }) => daemon.process.running);
        const named = await Promise.all(alive.map(({ daemon }) => daemon.cli('status')));
        const names = new Set(named.map((status) => /; (\w+)_\S+ leads/.exec(status)?.[1]));
        const [name] = names;
        return names.size === 1 ? alive.find((each) => each.name === name) : undefined;
      },
      { describe: 'a leader that all know', timeoutMs: RECOVERED_MS, everyMs: 200 },
    );
  /** Each master issues one; each is asked with it. One that lives for an hour has expired where the clock is an hour ahead. */
  const assertTokensAreGood = async () => {
    for (const { daemon, name } of machines.masters) {
      const asked = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 7_200 },
      };
      const { status } = await daemon.api.create('/api/v1/namespaces/default/serviceaccounts/default/token', asked);
      for (const [index, other] of machines.masters.entries()) {
        const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: status.token } };
        const answer = await apiOf(index + 1).create('/apis/authentication.k8s.io/v1/tokenreviews', review);
        assert.equal(answer.status.authenticated, true, `the token of ${name} at ${other.name}`);
      }
    }
  };
  /** False where the budget does not let it. */
  const evict = (name: string) =>
    apiOf(1)
      .create(`${PODS}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } })
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof UnexpectedStatus && error.status === 429) return false;
          throw error;
        },
      );
  /** Those that are ready. */
  const endpoints = async (): Promise<string[]> => {
    const slices = (await apiOf(1).list(SLICES)).filter(({ metadata }) => metadata.name.startsWith('web'));
    const all = slices.flatMap((slice: KubeObject) => slice.endpoints ?? []);
    return all
      .filter(({ conditions }: { conditions: { ready: boolean } }) => conditions.ready)
      .flatMap(({ addresses }: { addresses: string[] }) => addresses);
  };
  const untilRouted = (machine: Machine, podIP: string, isWanted: boolean) =>
    eventually(
      async () => (await machine.netns.run('nft', ['list', 'ruleset'])).includes(`${podIP} . 8080`) === isWanted,
      {
        describe: `${machine.name} to route${isWanted ? '' : ' no longer'} to ${podIP}`,
        timeoutMs: FOLLOWED_MS,
        everyMs: 100,
      },
    );

  before('three masters and an agent', async () => {
    folder = await bed.dir();
    web = { name: 'web', replicas: 8, clusterIP: '10.96.7.7', isProbed: true };
    machines = await startMachines(bed, {
      count: 4,
      masters: 3,
      source: folder,
      masterArgs: ['--leader-elect-lease-duration=3s', '--node-monitor-grace-period=6s', '--pod-eviction-timeout=4s'],
    });
    for (const { name } of machines.all) await untilNode(name, 'True');
    await declare();
    await untilSettled();
    clients = await StoreClients.start(machines.masters);
  });

  it('an agent that sends and hears nothing: its pods run elsewhere, and once when it is back', async () => {
    const lost = agent();
    const before = await runningIds(lost.dockerd);
    assert.ok(before.length > 0, 'it has pods');
    const mend = await cut(machines.lan, lost, 'deaf');
    try {
      await untilNode(lost.name, 'Unknown');
      await eventually(async () => (await podsOn(lost)).every(({ metadata }) => metadata.deletionTimestamp), {
        describe: 'its pods to be given up',
        timeoutMs: RECOVERED_MS,
      });
      await untilReady(master(1).daemon, web, RECOVERED_MS);
      assert.deepEqual(await runningIds(lost.dockerd), before, 'what runs on it');
    } finally {
      await mend();
    }
    await untilNode(lost.name, 'True');
    await untilSettled();
    await untilAnswered(lost);
  });

  it('an engine that is killed: its node says so, and what was on it runs again', async () => {
    const { name, dockerd } = agent();
    await dockerd.stop('SIGKILL');
    await untilNode(name, 'False');
    await dockerd.start();
    await untilNode(name, 'True');
    await untilSettled();
  });

  it('a leader whose clock is an hour ahead, then an hour behind: no pod of others is touched, and new ones run', async function () {
    for (const seconds of [3_600, -3_600]) {
      const env = clockSetOff(seconds);
      if (env === undefined && process.env.CI) throw new Error('cannot run here: libfaketime is not installed');
      if (env === undefined) return this.skip();
      // The masters are restarted here; the agent is not.
      const before = await runningIds(agent().dockerd);
      const off = master(1);
      await off.daemon.stop();
      await off.daemon.start({ env });
      // Whoever leads hands over, until it is the one.
      for (let leads = await leader(); leads !== off; leads = await leader()) {
        await leads.daemon.stop();
        await leads.daemon.start();
      }
      await declare({ replicas: web.replicas + 1 });
      await untilSettled();
      const after = new Set(await runningIds(agent().dockerd));
      assert.deepEqual(
        before.filter((id) => !after.has(id)),
        [],
        'pods that were touched',
      );
      // What it signs is good at the others, and what they sign is good there.
      await assertTokensAreGood();
    }
    await master(1).daemon.stop();
    await master(1).daemon.start();
    await untilSettled();
  });

  it('a network that loses 5 % and takes 100 ms: pods come and are reached', async () => {
    const mend = await slow(machines.lan, machines.all, { delayMs: 100, lossPercent: 5 }, await bed.dir());
    try {
      await declare({ replicas: web.replicas - 2 });
      await untilSettled();
      for (const machine of machines.all) {
        await untilNode(machine.name, 'True');
        await untilAnswered(machine);
      }
    } finally {
      await mend();
    }
    await untilSettled();
  });

  it('a machine that is drained: a budget is kept all the while, and all nodes follow', async () => {
    const drained = agent();
    const least = web.replicas - 1;
    await apiOf(1).create('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web' },
      spec: { minAvailable: least, selector: { matchLabels: { name: 'web' } } },
    });
    await apiOf(1).patch(`/api/v1/nodes/${drained.name}`, { spec: { unschedulable: true } });
    const leaving = await podsOn(drained);
    assert.ok(leaving.length > 0, `${leaving.length} pods on it`);
    for (const { metadata, status } of leaving) {
      await eventually(() => evict(metadata.name), { describe: 'the budget to let it go', timeoutMs: RECOVERED_MS });
      const { status: now } = await apiOf(1).get('/api/v1/namespaces/default/replicationcontrollers/web');
      assert.ok(now.readyReplicas >= least, `${now.readyReplicas} ready`);
      await eventually(async () => !(await endpoints()).includes(status.podIP), { describe: 'its endpoint to go' });
      await Promise.all(machines.all.map((machine) => untilRouted(machine, status.podIP, false)));
    }
    await apiOf(1).delete('/apis/policy/v1/namespaces/default/poddisruptionbudgets/web');
    await untilSettled();
    assert.deepEqual(await runningIds(drained.dockerd), []);
    await apiOf(1).patch(`/api/v1/nodes/${drained.name}`, { spec: { unschedulable: false } });
  });

  it('a machine that dies with ten pods: they run elsewhere, and endpoints lead to living ones only', async () => {
    const lost = agent();
    const setUnschedulable = (unschedulable: boolean) =>
      Promise.all(
        machines.masters.map(({ name }) => apiOf(1).patch(`/api/v1/nodes/${name}`, { spec: { unschedulable } })),
      );
    await setUnschedulable(true);
    await declare({ replicas: web.replicas + 10 });
    await untilSettled();
    await setUnschedulable(false);
    const dead = await podsOn(lost);
    assert.equal(dead.length, 10);
    await lost.daemon.stop('SIGKILL');
    for (const { id } of await runningContainers(lost.dockerd)) {
      await lost.dockerd.api.send({ method: 'POST', path: `/containers/${id}/kill` });
    }
    await lost.dockerd.stop('SIGKILL');
    const gone = new Set(dead.map(({ status }) => status.podIP));
    // Until the masters know of it, all of its pods are ready still.
    const living = async () => {
      const addresses = await endpoints();
      assert.deepEqual(
        addresses.filter((address) => gone.has(address)),
        [],
      );
      assert.equal(addresses.length, web.replicas);
      return true;
    };
    await eventually(living, { describe: 'endpoints that live', timeoutMs: RECOVERED_MS });
    await lost.dockerd.start();
    await lost.daemon.start();
    await untilNode(lost.name, 'True');
    await untilSettled();
  });

  it('and no update was lost, repeated or seen out of order', async () => {
    const history = await clients.stop();
    assert.deepEqual(violationsOf(history), [], `in ${history.writes.length} writes, ${history.reads.length} reads`);
    assert.ok(clients.acknowledged > 100, `${clients.acknowledged} acknowledged writes`);
  });
});
