/**
 * Three machines, each a master, a node and a member of etcd, and what happens to them: a leader killed or paused, members of etcd away,
 * an engine killed, the power cut. All the while somebody writes; what was acknowledged must be there in the end, once, and what runs must
 * be what is declared.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '../../hack/bench/bench-node.ts';
import { eventually } from './harness/eventually.ts';
import { runningContainers } from './harness/kube-containers.ts';
import { leaderOf, type Machines, type Master, startMachines } from './harness/machines.ts';
import { useTestBed } from './harness/test-bed.ts';
import { untilReady, type Web, webManifest } from './harness/web.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/**
 * Leases, their expiry, an election of etcd, and containers that start. A new pod may be given to the node that died with the leader:
 * then 10 s more until that is missed, and 30 s until its pods are given up.
 */
const RECOVERED_MS = 75_000;

/** Writes through whichever master answers; remembers what it was told is written. */
class Journal {
  readonly #masters: readonly Master[];
  readonly acknowledged: string[] = [];
  #next = 0;

  constructor(masters: readonly Master[]) {
    this.#masters = masters;
  }

  /** Whether anybody took it. */
  async write(): Promise<boolean> {
    const name = `entry-${this.#next++}`;
    for (const { daemon } of this.#masters) {
      const written = await daemon.api.create(CONFIG_MAPS, configMap(name)).catch(() => undefined);
      if (written === undefined) continue;
      this.acknowledged.push(name);
      return true;
    }
    return false;
  }

  async assertKept({ daemon }: Master): Promise<void> {
    const names = (await daemon.api.list(CONFIG_MAPS)).map(({ metadata }) => metadata.name);
    const lost = this.acknowledged.filter((name) => !names.includes(name));
    assert.deepEqual(lost, [], `of ${this.acknowledged.length} acknowledged writes`);
  }
}

function configMap(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
}

describe('three machines that are masters, nodes and members of etcd', function () {
  this.timeout(150_000);
  const bed = useTestBed();
  let folder: string;
  let machines: Machines;
  let journal: Journal;
  let client: Client;
  let web: Web & { readonly clusterIP: string };

  const alive = () => machines.masters.filter(({ daemon }) => daemon.process.running);
  const declare = (replicas: number) => {
    web = { ...web, replicas };
    return writeFile(join(folder, 'web.yaml'), webManifest(web));
  };
  const leader = () =>
    eventually(
      async () => {
        const named = await Promise.all(alive().map(({ daemon }) => leaderOf(daemon)));
        const names = new Set(named.map((leader) => leader.split('_')[0]));
        const [name] = names;
        return names.size === 1 ? alive().find((master) => master.name === name) : undefined;
      },
      { describe: 'a leader that all know', timeoutMs: RECOVERED_MS },
    );
  const other = (than: Master): Master => {
    const found = machines.masters.find((master) => master !== than);
    assert.ok(found);
    return found;
  };
  /** What runs on all machines together is what the API says, and that is what is declared. */
  const untilSettled = async (through: Master) => {
    await untilReady(through.daemon, web, RECOVERED_MS);
    await eventually(
      async () => {
        const running = await Promise.all(machines.all.map(({ dockerd }) => runningContainers(dockerd)));
        const uids = running.flat().flatMap(({ container, podUid }) => (container === 'app' ? [podUid] : []));
        const pods = await through.daemon.api.list('/api/v1/namespaces/default/pods');
        assert.deepEqual(uids.sort(), pods.map(({ metadata }) => metadata.uid ?? '').sort());
        return pods.length === web.replicas;
      },
      { describe: 'what runs to be what is declared, once', timeoutMs: RECOVERED_MS, everyMs: 200 },
    );
    await journal.assertKept(through);
  };

  before('three machines', async () => {
    folder = await bed.dir();
    web = { name: 'web', replicas: 6, clusterIP: '10.96.7.7', isProbed: true };
    await declare(6);
    const masterArgs = ['--leader-elect-lease-duration=3s'];
    machines = await startMachines(bed, { count: 3, masters: 3, source: folder, masterArgs });
    journal = new Journal(machines.masters);
    const [first] = machines.masters;
    assert.ok(first);
    client = await Client.start(first.netns);
    await untilSettled(first);
  });

  after(() => client?.close());

  it('lose no request when the leader is killed, and another one does its work', async () => {
    const target = { ip: web.clusterIP, port: 80 };
    await client.untilAnswered(target);
    await client.startLoad(target);
    const killed = await leader();
    await killed.daemon.stop('SIGKILL');
    await declare(7);
    await untilReady(other(killed).daemon, web, RECOVERED_MS);
    assert.equal(await journal.write(), true);
    await killed.daemon.start();
    await untilSettled(killed);
    const { requests, failures } = await client.endLoad();
    assert.deepEqual(failures, {}, `of ${requests} requests`);
  });

  it('take nothing from a leader that was paused for longer than its lease', async () => {
    const paused = await leader();
    process.kill(paused.daemon.process.pid, 'SIGSTOP');
    try {
      await declare(5);
      await untilReady(other(paused).daemon, web, RECOVERED_MS);
    } finally {
      process.kill(paused.daemon.process.pid, 'SIGCONT');
    }
    await untilSettled(paused);
  });

  it('go on when any one member of etcd is killed', async () => {
    for (const { etcd } of machines.masters) {
      await etcd.stop('SIGKILL');
      await eventually(() => journal.write(), { describe: 'a write to be taken', timeoutMs: RECOVERED_MS });
      await etcd.start();
    }
    await untilSettled(await leader());
  });

  it('keep everything as it is without a quorum of etcd, and go on when it is back', async () => {
    const [first, ...others] = machines.masters;
    assert.ok(first);
    const before = await Promise.all(machines.all.map(({ dockerd }) => runningContainers(dockerd)));
    const target = { ip: web.clusterIP, port: 80 };
    await client.startLoad(target);
    await Promise.all(others.map(({ etcd }) => etcd.stop('SIGKILL')));
    await declare(6);
    assert.equal(await journal.write(), false, 'a write that nobody can keep is not acknowledged');
    const { requests, failures } = await client.endLoad();
    assert.deepEqual(failures, {}, `of ${requests} requests`);
    assert.deepEqual(await Promise.all(machines.all.map(({ dockerd }) => runningContainers(dockerd))), before);
    await Promise.all(others.map(({ etcd }) => etcd.start()));
    await eventually(() => journal.write(), { describe: 'a write to be taken', timeoutMs: RECOVERED_MS });
    await untilSettled(first);
  });

  it('run what is declared again after the power was cut everywhere', async () => {
    await Promise.all(
      machines.masters.map(async ({ daemon, etcd, dockerd }) => {
        const running = await runningContainers(dockerd);
        await Promise.all([daemon.stop('SIGKILL'), etcd.stop('SIGKILL')]);
        await Promise.all(
          running.map(({ id }) => dockerd.api.send({ method: 'POST', path: `/containers/${id}/kill` })),
        );
        await dockerd.stop('SIGKILL');
      }),
    );
    await Promise.all(machines.masters.map(({ etcd }) => etcd.start()));
    await Promise.all(machines.masters.map(({ dockerd }) => dockerd.start()));
    await Promise.all(machines.masters.map(({ daemon }) => daemon.start()));
    const [first] = machines.masters;
    assert.ok(first);
    await untilSettled(first);
  });
});
