/** The store fails under the running daemon: etcd goes away or dies, the disk of the embedded store is full. What runs goes on. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type App, ask, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { Dockerd } from './harness/dockerd.ts';
import type { Etcd } from './harness/etcd.ts';
import { eventually } from './harness/eventually.ts';
import { runningContainers, runningIds } from './harness/kube-containers.ts';
import { run } from './harness/run.ts';
import { useTestBed } from './harness/test-bed.ts';

/** How long etcd stays away: longer than the node's lease with `SAMPAN_OUTAGE_MS=30000`. */
const OUTAGE_MS = Number(process.env.SAMPAN_OUTAGE_MS ?? 6_000);

const web: App = { name: 'web', replicas: 2 };

describe('a daemon whose etcd fails', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let etcd: Etcd;
  let cluster: Cluster;
  let folder: string;

  before('two replicas', async () => {
    folder = await bed.dir();
    await writeFile(join(folder, 'web.yaml'), manifestOf(web));
    const node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    etcd = await bed.etcd({ netns: node });
    cluster = {
      dockerd,
      sampan: await bed.sampan(dockerd, { sources: [folder], args: [`--etcd-servers=${etcd.endpoint}`] }),
    };
    await untilSettled(cluster, [web]);
  });

  for (const [how, signal] of [
    ['stopped', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const) {
    it(`leaves what runs alone while etcd is ${how}, and goes on by itself`, async () => {
      const before = await runningIds(dockerd);
      const { spec } = await cluster.sampan.api.get('/api/v1/namespaces/default/services/web');
      const hasSaid = sayingFromNow(cluster, /the store .* does not answer/);
      await etcd.stop(signal);
      const late: App = { name: `late-${how}`, replicas: 1 };
      await writeFile(join(folder, 'late.yaml'), manifestOf(late));
      await eventually(hasSaid, { describe: 'the daemon to say so' });
      await delay(OUTAGE_MS); // the outage itself
      assert.deepEqual(await runningIds(dockerd), before);
      assert.equal(await dockerd.netns.exchange(spec.clusterIP, 8010, 'hello'), 'HELLO\n');
      await etcd.start();
      await untilSettled(cluster, [web, late]);
      await rm(join(folder, 'late.yaml'));
      await untilSettled(cluster, [web]);
      assert.deepEqual(await runningIds(dockerd), before);
    });
  }

  it('runs a killed container again while etcd is away', async () => {
    await etcd.stop();
    const killed = (await runningContainers(dockerd)).find(({ container }) => container === 'app');
    await dockerd.cli('rm', '-f', killed?.id ?? '');
    await eventually(async () => (await runningContainers(dockerd)).length === 4, { describe: 'it to run again' });
    await etcd.start();
    await untilSettled(cluster, [web]);
  });

  it('waits for an etcd that is away when it is started, and touches nothing', async () => {
    const before = await runningIds(dockerd);
    await cluster.sampan.stop();
    await etcd.stop();
    const hasSaid = sayingFromNow(cluster, /does not answer/);
    await cluster.sampan.start({ ready: hasSaid });
    assert.deepEqual(await runningIds(dockerd), before);
    await etcd.start();
    await untilSettled(cluster, [web]);
    assert.deepEqual(await runningIds(dockerd), before);
  });
});

describe('a daemon whose disk is full', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let cluster: Cluster;
  let folder: string;
  let disk: string;

  before('two replicas, the data on a small disk', async () => {
    folder = await bed.dir();
    disk = await bed.dir();
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'none', disk]);
    await writeFile(join(folder, 'web.yaml'), manifestOf(web));
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [folder], dataDir: disk }) };
    await untilSettled(cluster, [web]);
  });

  const fill = () => run('sh', ['-c', 'cat /dev/zero > "$1" || true', 'sh', join(disk, 'filler')]);
  const empty = () => rm(join(disk, 'filler'));
  /** Declares so much that the store cannot take it into space it already has. */
  const many = Array.from(
    { length: 40 },
    (_, i): App => ({ name: `none${i}`, replicas: 0, version: 'x'.repeat(8000) }),
  );
  const declareMany = () => writeFile(join(folder, 'many.yaml'), many.map(manifestOf).join('---\n'));

  it('says so, leaves what runs alone, and goes on when there is room', async () => {
    const before = await runningIds(dockerd);
    await fill();
    await declareMany();
    await eventually(() => /refuses writes.*free space/.test(cluster.sampan.process.readLog()), {
      describe: 'the daemon to say so',
    });
    assert.match(await cluster.sampan.cli('status'), /refuses writes/);
    assert.deepEqual(await runningIds(dockerd), before);
    assert.equal(await ask(cluster, 'web'), 'HELLO\n');
    await empty();
    await untilSettled(cluster, [web, ...many], 60_000);
    assert.deepEqual(await runningIds(dockerd), before);
  });

  it('started on a full disk, waits for room where it needs some, and loses nothing', async () => {
    const before = await runningIds(dockerd);
    await cluster.sampan.stop('SIGKILL');
    await fill();
    await cluster.sampan.start({ ready: sayingFromNow(cluster, /waiting for room for the store|sampan runs/) });
    assert.deepEqual(await runningIds(dockerd), before);
    await empty();
    await writeFile(join(folder, 'web.yaml'), manifestOf({ ...web, replicas: 3 }));
    await untilSettled(cluster, [{ ...web, replicas: 3 }, ...many]);
    const now = await runningIds(dockerd);
    assert.deepEqual(
      before.filter((id) => !now.includes(id)),
      [],
    );
  });
});

/** Whether the daemon has logged something like it since this was called. */
function sayingFromNow({ sampan }: Cluster, text: RegExp): () => boolean {
  const before = sampan.process.readLog().length;
  return () => text.test(sampan.process.readLog().slice(before));
}
