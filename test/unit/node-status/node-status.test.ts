/** The node's report on itself over the memory store and the fake runtime. */
import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import { chooseNodeAddress } from '../../../reconcilers/node-status/address.ts';
import { createNodeStatusLoop } from '../../../reconcilers/node-status/index.ts';
import { nodeStatus } from '../../../reconcilers/node-status/node-object.ts';
import type { Headroom } from '../../../reconcilers/ports/headroom.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const CONFIG = {
  nodeName: 'node-1',
  nodeIP: '192.0.2.10',
  hostname: 'node-1',
  version: 'v0.1.0',
  machineID: 'm',
  systemUUID: 's',
  bootID: 'b',
  diskBytes: 10 * 2 ** 30,
  maxPods: 110,
};

describe('node-status', () => {
  let cluster: TestCluster;
  let runtime: FakeRuntime;
  let stop: AbortController;
  let ended: Promise<unknown>;
  let left: Headroom;
  const half = { free: 2 ** 31, of: 2 ** 32 };
  const log = new CollectedLog();

  beforeEach(async () => {
    cluster = await createTestCluster();
    const { clock, random, registry } = cluster;
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } } as const;
    await registry.create('Namespace', { ...namespace, spec: {}, status: { phase: 'Active' } });
    runtime = new FakeRuntime(cluster);
    runtime.addImage('web', { sizeBytes: 5 });
    const cache = new ObjectCache(['Node', 'Lease', 'Namespace'], { client: registry, clock, log });
    const client = readYourWrites(registry, cache);
    left = { memoryBytes: half, diskBytes: half, inodes: half, processes: half };
    const loop = createNodeStatusLoop({ cache, client, runtime, clock, config: CONFIG, headroom: () => left });
    const runLoop = new RunLoop(loop, { cache, clock, random, log });
    stop = new AbortController();
    ended = Promise.all([cache.run(stop.signal), runLoop.run(stop.signal)]);
    await clock.advance(0);
  });

  afterEach(async () => {
    stop.abort();
    await ended;
  });

  const node = async () => {
    const found = await cluster.registry.get('Node', { namespace: '', name: 'node-1' });
    assert.ok(found, 'the node is registered');
    return found;
  };
  const ready = async () => (await node()).status.conditions?.find(({ type }) => type === 'Ready');
  const renewTime = async () => {
    const lease = await cluster.registry.get('Lease', { namespace: 'kube-node-lease', name: 'node-1' });
    return Date.parse(lease?.spec.renewTime ?? '');
  };

  it('registers the machine as it is', async () => {
    const { metadata, status } = await node();
    assert.deepEqual(status.capacity, {
      cpu: '2',
      memory: '4194304Ki',
      pods: '110',
      'ephemeral-storage': '10485760Ki',
    });
    assert.deepEqual(status.addresses?.[0], { type: 'InternalIP', address: '192.0.2.10' });
    assert.equal(status.nodeInfo?.containerRuntimeVersion, 'docker://20.10.24');
    assert.equal(metadata.labels?.['kubernetes.io/arch'], 'amd64');
    assert.deepEqual(status.images, [{ names: ['web:latest'], sizeBytes: 5 }]);
    assert.equal((await ready())?.status, 'True');
  });

  it('writes nothing at rest but its lease, each 3 s, and logs nothing', async () => {
    await cluster.clock.advance(3_000);
    const before = await node();
    const lines = log.lines.length;
    const first = await renewTime();
    await cluster.clock.advance(60_000);
    assert.ok((await renewTime()) - first >= 50_000);
    assert.deepEqual(await node(), before);
    assert.deepEqual(
      log.lines.slice(lines).filter(({ level }) => level !== 'debug'),
      [],
    );
  });

  it('tells within a heartbeat that memory runs out, and writes no more of it then', async () => {
    const pressures = async () =>
      (await node()).status.conditions?.map(({ type, status }) => `${type} ${status}`).join(', ');
    assert.equal(await pressures(), 'MemoryPressure False, DiskPressure False, PIDPressure False, Ready True');
    left = { ...left, memoryBytes: { free: 2 ** 20, of: 2 ** 32 } };
    await cluster.clock.advance(3_000);
    assert.equal(await pressures(), 'MemoryPressure True, DiskPressure False, PIDPressure False, Ready True');
    const before = await node();
    left = { ...left, memoryBytes: half };
    await cluster.clock.advance(60_000);
    assert.deepEqual(await node(), before, 'what comes and goes is one pressure');
    await cluster.clock.advance(300_000);
    assert.equal(await pressures(), 'MemoryPressure False, DiskPressure False, PIDPressure False, Ready True');
  });

  it('says where its own server is, and no more once it has none', async () => {
    const told = { daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } } };
    const facts = { runtime: { images: [], info: await runtime.info() }, synced: true, leaseNamespaceExists: true };
    const withServer = nodeStatus({ ...facts, config: { ...CONFIG, kubeletPort: 10_250 } }, {}, 0);
    assert.deepEqual(withServer.daemonEndpoints, told.daemonEndpoints);
    assert.equal(nodeStatus({ ...facts, config: CONFIG }, told, 0).daemonEndpoints, undefined);
  });

  it('tells of a new image', async () => {
    runtime.addImage('big', { sizeBytes: 500 });
    await cluster.clock.advance(1_500);
    assert.deepEqual(
      (await node()).status.images?.map(({ names }) => names[0]),
      ['big:latest', 'web:latest'],
    );
  });

  it('tolerates a restart of Docker, reports its absence, and its return; the lease goes on', async () => {
    runtime.goDown();
    await cluster.clock.advance(14_000);
    assert.equal((await ready())?.status, 'True');
    await cluster.clock.advance(20_000);
    const down = await ready();
    assert.equal(down?.status, 'False');
    assert.equal(down?.reason, 'KubeletNotReady');
    assert.match(down?.message ?? '', /^container runtime is down: .*ECONNREFUSED/);
    assert.ok((await renewTime()) > cluster.clock.now() - 11_000);
    runtime.comeBack();
    await cluster.clock.advance(6_000);
    assert.equal((await ready())?.status, 'True');
  });

  it('puts its labels back and keeps those of others', async () => {
    const stored = await node();
    const labels = { zone: 'a', 'kubernetes.io/os': 'plan9' };
    await cluster.registry.update('Node', { ...stored, metadata: { ...stored.metadata, labels } });
    await cluster.clock.advance(0);
    const { labels: now } = (await node()).metadata;
    assert.equal(now?.zone, 'a');
    assert.equal(now?.['kubernetes.io/os'], 'linux');
  });

  it('registers again when somebody deletes its node', async () => {
    await cluster.registry.delete('Node', { namespace: '', name: 'node-1' });
    await cluster.clock.advance(0);
    assert.equal((await ready())?.status, 'True');
  });
});

describe('the node address', () => {
  const address = (value: string, internal = false) =>
    ({ address: value, family: 'IPv4', internal }) as NetworkInterfaceInfo;
  const interfaces = {
    lo: [address('127.0.0.1', true)],
    docker0: [address('172.17.0.1')],
    eth0: [address('192.0.2.1')],
    eth1: [address('198.51.100.1')],
  };
  const header = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT';

  it('is where the cheapest default route leaves', () => {
    const routes = [
      header,
      'eth0\t00000000\t010200C0\t0003\t0\t0\t200\t00000000\t0\t0\t0',
      'eth1\t00000000\t016433C6\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    ].join('\n');
    assert.equal(chooseNodeAddress(interfaces, routes), '198.51.100.1');
  });

  it('is the first real one without a default route, and loopback as the last resort', () => {
    assert.equal(chooseNodeAddress(interfaces, header), '192.0.2.1');
    assert.equal(chooseNodeAddress({ lo: interfaces.lo, docker0: interfaces.docker0 }, ''), '172.17.0.1');
    assert.equal(chooseNodeAddress({ lo: interfaces.lo }, ''), '127.0.0.1');
  });
});
