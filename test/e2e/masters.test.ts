/** Two masters over one etcd: one leads, the other takes over when it dies or is paused, and nothing is done twice. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, manifestOf } from './harness/apps.ts';
import { eventually } from './harness/eventually.ts';
import { leaderOf } from './harness/machines.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const LEASE_SECONDS = 3;
/** A paused leader, its lease, and what the store's failure detection adds. */
const TAKEN_OVER_MS = 20_000;
const PODS = '/api/v1/namespaces/default/pods';

describe('two masters over one etcd', () => {
  const bed = useTestBed();
  let folder: string;
  let masters: Sampan[];

  const declare = (app: App) => writeFile(join(folder, 'web.yaml'), manifestOf(app));
  const leading = async () => {
    const names = await Promise.all(masters.filter(({ process }) => process.running).map(leaderOf));
    const [name = '', ...others] = names;
    return name !== '' && others.every((other) => other === name) ? Number(/^master(\d)_/.exec(name)?.[1]) : undefined;
  };
  const untilLed = () => eventually(leading, { describe: 'a leader that all know', timeoutMs: TAKEN_OVER_MS });
  const untilPods = (master: Sampan, count: number) =>
    eventually(
      async () => {
        const pods = await master.api.list(PODS);
        return pods.length === count && pods.every(({ status }) => status.phase === 'Running');
      },
      { describe: `${count} pods to run`, timeoutMs: TAKEN_OVER_MS },
    );
  /** Who is to run them may be the machine that is away. */
  const untilDeclared = (master: Sampan, count: number) =>
    eventually(async () => (await master.api.list(PODS)).length === count, {
      describe: `${count} pods to be made`,
      timeoutMs: TAKEN_OVER_MS,
    });
  const at = (number: number): Sampan => {
    const master = masters[number];
    assert.ok(master);
    return master;
  };

  before('two machines and one etcd', async () => {
    folder = await bed.dir();
    await declare({ name: 'web', replicas: 1 });
    const lan = await bed.lan();
    const etcd = await bed.etcd({ netns: lan.outside, address: '192.0.2.1' });
    const start = async (number: number) => {
      const netns = await bed.netns();
      await lan.join(netns);
      return bed.sampan(await bed.dockerd(netns, { bridge: true }), {
        sources: [folder],
        args: [
          `--etcd-servers=${etcd.endpoint}`,
          `--node-name=master${number}`,
          `--leader-elect-lease-duration=${LEASE_SECONDS}s`,
          '--proxy-mode=none',
        ],
      });
    };
    masters = await Promise.all([start(0), start(1)]);
  });

  it('have one leader, whom both name, and serve the same objects', async () => {
    const leader = await leaderOf(at(await untilLed()));
    for (const master of masters) {
      assert.match(await master.cli('status'), new RegExp(`; ${leader} leads`));
      await untilPods(master, 1);
    }
  });

  it('have one authority, though both started on nothing at once', async () => {
    const files = ['pki/ca.pem', 'pki/service-account.pem'];
    const [first, second] = await Promise.all(
      masters.map(({ dataDir }) => Promise.all(files.map((name) => readFile(join(dataDir, name), 'utf8')))),
    );
    assert.deepEqual(first, second);
  });

  it('go on without a leader that was killed, and do nothing twice when it comes back', async () => {
    const killed = await untilLed();
    await at(killed).stop('SIGKILL');
    await declare({ name: 'web', replicas: 3 });
    await untilDeclared(at(1 - killed), 3);
    assert.equal(await untilLed(), 1 - killed);
    await at(killed).start();
    assert.equal(await untilLed(), 1 - killed);
    await untilPods(at(killed), 3);
  });

  it('are not disturbed by a leader that was paused for longer than its lease, and wakes', async () => {
    const paused = await untilLed();
    const { pid } = at(paused).process;
    process.kill(pid, 'SIGSTOP');
    try {
      await declare({ name: 'web', replicas: 5 });
      await untilDeclared(at(1 - paused), 5);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    assert.equal(await untilLed(), 1 - paused);
    await untilPods(at(paused), 5);
    assert.match(at(paused).process.readLog(), /leadership is lost|leads no longer/);
  });

  it('hand over at once when the leader is stopped', async () => {
    const stopped = await untilLed();
    await at(stopped).stop();
    const since = performance.now();
    assert.equal(await untilLed(), 1 - stopped);
    assert.ok(performance.now() - since < LEASE_SECONDS * 1000, 'before its lease would have run out');
  });
});
