/** Who answers while no daemon runs: sockets handed to a real process, and taken back by the next daemon without a question lost. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { DnsServer } from '../../../daemon/dns/dns-server.ts';
import { DnsStandby } from '../../../daemon/dns/standby/dns-standby.ts';
import { StandbyFolder } from '../../../daemon/dns/standby/standby-folder.ts';
import type { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { KEEPING_COMPILED_CODE } from '../../e2e/harness/controlled-daemon.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { draftService } from '../../fakes/objects.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';
import { question, shown } from './dns-client.ts';

const MAIN = join(import.meta.dirname, '../../../daemon/main.ts');
const EVERY_MS = 5;

describe('names while no daemon runs', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let cache: ObjectCache;
  let dir: string;
  let folder: StandbyFolder;
  const log = new CollectedLog();
  const settings = { clusterDomain: 'cluster.local', clusterDns: '10.96.0.10', resolvConf: '/dev/null' };

  /** As a daemon has it; closing it is the daemon's end. */
  const daemon = () => {
    const ranges = ['10.96.0.0/24'];
    const standby = new DnsStandby(
      { folder, program: [process.execPath, MAIN], settings: { ...settings, ranges } },
      { cache, clock: systemClock, log },
    );
    const options = { ...settings, ranges: ranges.map(parseIpv4Range) };
    const ports = [standby.formerPlace?.port ?? 0, 0];
    return new DnsServer({ ...options, ports }, { cache, clock: systemClock, log, standby });
  };
  const created = async (name: string, clusterIP: string) => {
    const { metadata } = await cluster.registry.create('Service', draftService(name, { clusterIP }));
    await cache.reached(Number(metadata.resourceVersion));
  };

  before(async () => {
    Object.assign(process.env, { ...KEEPING_COMPILED_CODE, ...process.env });
    cluster = await createTestCluster();
    cache = followedCache(cluster.registry, cluster.clock);
    dir = await mkdtemp(join(tmpdir(), 'standby-'));
    folder = new StandbyFolder(join(dir, 'dns'));
    await created('web', '10.96.0.77');
  });
  after(async () => {
    await cluster.store.close();
    await rm(dir, { recursive: true });
  });

  it('are answered from what was known last, and by the next daemon, without one question lost', async () => {
    const first = daemon();
    await first.open('127.0.0.1');
    assert.ok(first.place);
    const { port } = first.place;
    await created('late', '10.96.0.78');

    const replies = new Map<number, string>();
    let asked = 0;
    const socket = createSocket('udp4');
    socket.on('message', (reply) => replies.set(reply.readUInt16BE(0), shown(reply).answers.join()));
    const asking = setInterval(() => {
      const name = asked % 2 === 0 ? 'web' : 'late';
      socket.send(question(`${name}.default.svc.cluster.local A`, { id: asked++ }), port, '127.0.0.1');
    }, EVERY_MS);
    const answeredFrom = (id: number) => eventually(() => replies.has(id + 1), { describe: `an answer to ${id}` });
    try {
      await answeredFrom(asked);
      await first.close();
      await eventually(async () => (await readFile(folder.logPath, 'utf8')).includes('names are answered as'), {
        describe: 'the standby to answer',
        timeoutMs: 20_000,
      });
      await answeredFrom(asked);

      const second = daemon();
      await second.open('127.0.0.1');
      assert.deepEqual(second.place, first.place);
      await answeredFrom(asked);
      const { id } = folder.answerer() ?? {};
      assert.ok(id);
      await second.close();
      await answeredFrom(asked);
    } finally {
      clearInterval(asking);
    }
    await eventually(() => replies.size === asked, { describe: 'every question to be answered' });
    for (const [id, reply] of replies) {
      assert.match(reply, id % 2 === 0 ? /10\.96\.0\.77$/ : /10\.96\.0\.78$/);
    }
    socket.close();
  });

  it('end with the folder', async () => {
    const { address, port } = folder.answerer() ?? assert.fail('nobody answers');
    await rm(folder.path, { recursive: true });
    await eventually(
      () =>
        new Promise<boolean>((resolve) => {
          const probe = createSocket('udp4');
          probe.once('error', () => resolve(false));
          probe.bind(port, address, () => probe.close(() => resolve(true)));
        }),
      { describe: 'the place to be free', timeoutMs: 20_000 },
    );
  });
});
