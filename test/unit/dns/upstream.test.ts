/** Whom others' names are asked of: what resolv.conf says, without those who ask us in turn. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameOf } from '../../../daemon/dns/query.ts';
import type { Server } from '../../../daemon/dns/upstream/exchange.ts';
import { LoopGuard } from '../../../daemon/dns/upstream/loop-guard.ts';
import { parseResolvConf, ResolvConf } from '../../../daemon/dns/upstream/resolv-conf.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock, settle } from '../../fakes/fake-clock.ts';

describe('resolv.conf', () => {
  it('names servers of both families, each once, and nothing else that counts here', () => {
    const text = [
      '# a comment',
      'nameserver 192.0.2.1',
      'nameserver\t2001:db8::1 # with a comment',
      '  nameserver fe80::1%eth0',
      'nameserver 192.0.2.1',
      'nameserver not-an-address',
      'search example.com',
      'options ndots:1',
    ].join('\n');
    assert.deepEqual(
      parseResolvConf(text).map(({ address, port }) => `${address} ${port}`),
      ['192.0.2.1 53', '2001:db8::1 53', 'fe80::1%eth0 53'],
    );
  });

  it('is read again when it has changed, and counts as it was where it cannot be read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'resolv-'));
    const path = join(dir, 'resolv.conf');
    const [clock, log] = [new FakeClock(), new CollectedLog()];
    const conf = new ResolvConf(path, { clock, log });
    const addresses = () => conf.servers().map(({ address }) => address);
    assert.deepEqual(addresses(), []);
    await writeFile(path, 'nameserver 192.0.2.1\n');
    clock.jump(1_000);
    assert.deepEqual(addresses(), ['192.0.2.1']);
    await writeFile(join(dir, 'new'), 'nameserver 192.0.2.2\n');
    await rename(join(dir, 'new'), path);
    clock.jump(1_000);
    assert.deepEqual(addresses(), ['192.0.2.2']);
    await rm(path);
    for (let second = 0; second < 3; second++) {
      clock.jump(1_000);
      assert.deepEqual(addresses(), ['192.0.2.2']);
    }
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 2, 'said once each time');
    await rm(dir, { recursive: true });
  });
});

describe('servers that ask us in turn', () => {
  const [OTHER, STUB, OURS] = ['192.0.2.1', '127.0.0.53', '10.96.0.10'].map((address) => ({ address, port: 53 }));
  const servers = [OTHER, STUB, OURS] as Server[];
  let clock: FakeClock;
  let log: CollectedLog;
  let guard: LoopGuard;
  let stubAsksUs: boolean;
  const usable = () => guard.servers().map(({ address }) => address);

  beforeEach(() => {
    clock = new FakeClock();
    log = new CollectedLog();
    stubAsksUs = true;
    let tokens = 0;
    guard = new LoopGuard({
      servers: () => servers,
      isOurs: ({ address }) => address === OURS?.address,
      ask: async (server, { query }) => {
        if (server === STUB && stubAsksUs) guard.seen(nameOf(query) ?? '');
        return Buffer.alloc(0);
      },
      clusterDomain: 'cluster.local',
      token: () => `token${tokens++}`,
      clock,
      log,
    });
  });

  it('are left out, as are our own addresses, and it is said once', async () => {
    assert.ok(!usable().includes(OURS?.address ?? ''));
    await settle();
    assert.deepEqual(usable(), [OTHER?.address]);
    await clock.advance(200_000);
    assert.deepEqual(usable(), [OTHER?.address]);
    await settle();
    assert.deepEqual(usable(), [OTHER?.address]);
    assert.equal(log.lines.length, 1);
    assert.equal(log.lines[0]?.fields.server, STUB?.address);
  });

  it('are taken back after a minute where they no longer do', async () => {
    usable();
    await settle();
    stubAsksUs = false;
    await clock.advance(59_000);
    assert.deepEqual(usable(), [OTHER?.address]);
    await clock.advance(1_000);
    usable();
    await settle();
    assert.deepEqual(usable(), [OTHER?.address, STUB?.address]);
  });
});
