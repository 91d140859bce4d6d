/**
 * Agents: machines that are nodes of a cluster whose master runs elsewhere. They join with a token, run pods and route Services, and go on
 * as they are when they are killed, cut off, or left without a master.
 */
import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './harness/eventually.ts';
import { kubeContainers, runningIds } from './harness/kube-containers.ts';
import { type Machine, type Machines, startMachines } from './harness/machines.ts';
import { useTestBed } from './harness/test-bed.ts';
import { untilReady, type Web, webManifest } from './harness/web.ts';

const PODS = '/api/v1/namespaces/default/pods';
const NODES = '/api/v1/nodes';
/** To find out that a node is silent, to wait for it, and to start pods elsewhere. */
const MOVED_MS = 30_000;

describe('agents', function () {
  this.timeout(120_000);
  const bed = useTestBed();
  let folder: string;
  let machines: Machines;
  let web: Web & { readonly clusterIP: string };

  const master = () => {
    const [first] = machines.masters;
    assert.ok(first);
    return first;
  };
  const agent = (index: number) => {
    const found = machines.agents[index];
    assert.ok(found);
    return found;
  };
  const declare = (changed: Partial<Web>) => {
    web = { ...web, ...changed };
    return writeFile(join(folder, 'web.yaml'), webManifest(web));
  };
  const pods = async () => (await master().daemon.api.list(PODS)).filter(({ status }) => status.phase === 'Running');
  const podsOn = async ({ name }: Machine) => (await pods()).filter(({ spec }) => spec.nodeName === name);
  const readiness = async ({ name }: Machine): Promise<string | undefined> => {
    const { status } = await master().daemon.api.get(`${NODES}/${name}`);
    return status.conditions?.find(({ type }: { type: string }) => type === 'Ready')?.status;
  };
  const until = (machine: Machine, ready: string) =>
    eventually(async () => (await readiness(machine)) === ready, {
      describe: `${machine.name} to be ready: ${ready}`,
      timeoutMs: MOVED_MS,
    });
  /** The name of the pod that answers, asked from the machine. */
  const ask = ({ netns }: Machine) =>
    netns.run('busybox', ['nc', '-w', '3', web.clusterIP, '80'], { input: 'GET / HTTP/1.0\r\n\r\n', timeoutMs: 5_000 });
  const untilAnswered = (machine: Machine) =>
    eventually(async () => (await ask(machine)).includes('200 OK'), {
      describe: `the Service to answer on ${machine.name}`,
      timeoutMs: 10_000,
    });

  before('a master and two agents', async () => {
    folder = await bed.dir();
    web = { name: 'web', replicas: 6, clusterIP: '10.96.7.7', args: [] } as never;
    machines = await startMachines(bed, {
      count: 3,
      masters: 1,
      source: folder,
      masterArgs: ['--node-monitor-grace-period=6s', '--pod-eviction-timeout=6s'],
    });
  });

  it('join with a token, and have a credential that only they can read', async () => {
    for (const machine of machines.all) await until(machine, 'True');
    const { dataDir } = agent(0).daemon;
    for (const file of ['agent-key.pem', 'agent.pem']) {
      assert.equal((await stat(join(dataDir, 'pki', file))).mode & 0o077, 0, file);
    }
  });

  it('run their share of the pods, route to all of them, and show what they say', async () => {
    await declare({});
    await untilReady(master().daemon, web);
    for (const machine of machines.all) {
      const own = await podsOn(machine);
      assert.ok(own.length > 0, `${machine.name} has none of ${web.replicas} pods`);
      const running = (await kubeContainers(machine.dockerd)).filter(
        (each) => each.running && each.container === 'app',
      );
      assert.equal(running.length, own.length, machine.name);
      await untilAnswered(machine);
      // Asked of the master, answered by the node.
      for (const { metadata } of own) {
        assert.match(await master().daemon.cli('logs', metadata.name), new RegExp(`${metadata.name} listening on`));
      }
    }
  });

  it('touch nothing when they are restarted or killed, nor when the master is', async () => {
    const before = await Promise.all(machines.all.map(({ dockerd }) => runningIds(dockerd)));
    await agent(0).daemon.stop();
    await agent(0).daemon.start();
    await agent(1).daemon.stop('SIGKILL');
    await agent(1).daemon.start();
    await master().daemon.stop('SIGKILL');
    await untilAnswered(agent(0));
    await master().daemon.start();
    for (const machine of machines.all) await until(machine, 'True');
    await untilReady(master().daemon, web);
    assert.deepEqual(await Promise.all(machines.all.map(({ dockerd }) => runningIds(dockerd))), before);
  });

  it('that is cut off keeps its pods and its routes, and stops what was moved away when it is back', async () => {
    const lost = agent(0);
    const before = await runningIds(lost.dockerd);
    await lost.netns.run('ip', ['link', 'set', 'eth0', 'down']);
    await until(lost, 'Unknown');
    // What is there is marked, and stays until its node says that it has ended.
    await eventually(async () => (await podsOn(lost)).every(({ metadata }) => metadata.deletionTimestamp), {
      describe: 'its pods to be given up',
      timeoutMs: MOVED_MS,
    });
    await untilReady(master().daemon, web, MOVED_MS);
    assert.deepEqual(await runningIds(lost.dockerd), before, 'what runs on the machine that is cut off');
    await lost.netns.run('ip', ['link', 'set', 'eth0', 'up']);
    await lost.netns.run('ip', ['route', 'replace', 'default', 'via', '192.0.2.1']);
    await until(lost, 'True');
    await eventually(async () => (await runningIds(lost.dockerd)).length === 0, {
      describe: 'what was moved away to be stopped',
      timeoutMs: MOVED_MS,
    });
    await untilReady(master().daemon, web);
    await untilAnswered(lost);
  });
});
