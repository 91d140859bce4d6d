/** The whole server on loopback, over a registry: real packets over UDP and TCP, and objects that change while it answers. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DnsServer } from '../../../daemon/dns/dns-server.ts';
import type { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import type { ListeningPlace } from '../../../reconcilers/ports/name-server.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { draftService } from '../../fakes/objects.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';
import { question, shown } from './dns-client.ts';

const WEB = 'web.default.svc.cluster.local';

describe('the DNS server', () => {
  let cluster: TestCluster;
  let cache: ObjectCache;
  let server: DnsServer;
  let place: ListeningPlace;
  let dir: string;
  const log = new CollectedLog();

  before(async () => {
    cluster = await createTestCluster();
    cache = followedCache(cluster.registry, cluster.clock);
    dir = await mkdtemp(join(tmpdir(), 'dns-'));
    await writeFile(join(dir, 'resolv.conf'), 'nameserver 10.96.0.10\n');
    const options = {
      clusterDomain: 'cluster.local',
      clusterDns: '10.96.0.10',
      ranges: ['10.96.0.0/24', '10.244.0.0/16'].map(parseIpv4Range),
      resolvConf: join(dir, 'resolv.conf'),
      ports: [0],
    };
    server = new DnsServer(options, { cache, clock: cluster.clock, log });
    const listening = new Promise<ListeningPlace>((resolve) => server.onListening(resolve));
    await server.open('127.0.0.1');
    place = await listening;
  });
  after(async () => {
    await server.close();
    await rm(dir, { recursive: true });
  });

  const overUdp = async (packets: readonly Buffer[], replies = packets.length): Promise<Buffer[]> => {
    const socket = createSocket('udp4');
    const received: Buffer[] = [];
    socket.on('message', (reply) => received.push(reply));
    await new Promise<void>((resolve) => socket.connect(place.port, place.address, resolve));
    for (const packet of packets) socket.send(packet);
    await eventually(() => received.length >= replies, { describe: `${replies} replies`, everyMs: 1 });
    socket.close();
    return received;
  };
  const framed = (packet: Buffer) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(packet.length);
    return Buffer.concat([length, packet]);
  };
  /** All that came until the server, or `enough`, ended the connection. */
  const overTcp = (parts: readonly Buffer[], enough: number) =>
    new Promise<Buffer[]>((resolve, reject) => {
      const socket = connect(place.port, place.address);
      let received = Buffer.alloc(0);
      const replies = () => {
        const found: Buffer[] = [];
        for (let at = 0; at + 2 <= received.length && at + 2 + received.readUInt16BE(at) <= received.length; ) {
          const length = received.readUInt16BE(at);
          found.push(received.subarray(at + 2, at + 2 + length));
          at += 2 + length;
        }
        return found;
      };
      socket.on('error', reject);
      socket.on('close', () => resolve(replies()));
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (replies().length >= enough) socket.destroy();
      });
      socket.setNoDelay(true);
      for (const part of parts) socket.write(part);
    });
  const answers = async (text: string) => {
    const [reply] = await overUdp([question(text)]);
    assert.ok(reply);
    const { code, answers: records } = shown(reply);
    return [code, ...records];
  };

  it('answers with what is in the cluster at the moment', async () => {
    assert.deepEqual(await answers(`${WEB} A`), ['NXDOMAIN aa']);
    const made = await cluster.registry.create('Service', draftService('web', { clusterIP: '10.96.0.77' }));
    await cache.reached(Number(made.metadata.resourceVersion));
    assert.deepEqual(await answers(`${WEB} A`), ['NOERROR aa', `${WEB} 5 A 10.96.0.77`]);
    const headless = await cluster.registry.create(
      'Service',
      draftService('pods', { clusterIP: 'None', clusterIPs: ['None'] }),
    );
    await cache.reached(Number(headless.metadata.resourceVersion));
    assert.deepEqual(await answers('pods.default.svc.cluster.local A'), ['NXDOMAIN aa']);
    const slice = (ip: string) => ({
      apiVersion: 'discovery.k8s.io/v1' as const,
      kind: 'EndpointSlice' as const,
      metadata: { name: 'pods-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'pods' } },
      addressType: 'IPv4' as const,
      endpoints: [{ addresses: [ip] }],
    });
    const first = await cluster.registry.create('EndpointSlice', slice('10.244.0.7'));
    await cache.reached(Number(first.metadata.resourceVersion));
    const records = (ip: string) => ['NOERROR aa', `pods.default.svc.cluster.local 5 A ${ip}`];
    assert.deepEqual(await answers('pods.default.svc.cluster.local A'), records('10.244.0.7'));
    assert.deepEqual(await answers('7.0.244.10.in-addr.arpa PTR'), [
      'NOERROR aa',
      '7.0.244.10.in-addr.arpa 5 PTR 10-244-0-7.pods.default.svc.cluster.local',
    ]);
    const second = await cluster.registry.update('EndpointSlice', {
      ...first,
      endpoints: [{ addresses: ['10.244.0.8'] }],
    });
    await cache.reached(Number(second.metadata.resourceVersion));
    assert.deepEqual(await answers('pods.default.svc.cluster.local A'), records('10.244.0.8'));
    assert.deepEqual(await answers('7.0.244.10.in-addr.arpa PTR'), ['NXDOMAIN aa']);
    const gone = await cluster.registry.delete('EndpointSlice', { namespace: 'default', name: 'pods-1' });
    await cache.reached(Number(gone?.metadata.resourceVersion));
    assert.deepEqual(await answers('pods.default.svc.cluster.local A'), ['NXDOMAIN aa']);
  });

  it('answers over TCP what was sent in one piece, in several, or in bytes', async () => {
    const packets = [1, 2, 3].map((id) => framed(question('svc.cluster.local A', { id })));
    const all = Buffer.concat(packets);
    const inBytes = Array.from(all, (byte) => Buffer.from([byte]));
    for (const parts of [[all], packets, inBytes]) {
      const replies = await overTcp(parts, 3);
      assert.deepEqual(
        replies.map((reply) => reply.readUInt16BE(0)),
        [1, 2, 3],
      );
    }
  });

  it('answers a thousand questions on one connection', async () => {
    const packets = Array.from({ length: 1_000 }, (_, id) => framed(question('svc.cluster.local A', { id })));
    assert.equal((await overTcp([Buffer.concat(packets)], 1_000)).length, 1_000);
  });

  it('ends a connection over which no questions come', async () => {
    assert.deepEqual(await overTcp([Buffer.from([0, 3, 1, 2, 3])], 1), []);
    const answer = question('svc.cluster.local A');
    answer.writeUInt16BE(0x8000, 2);
    assert.deepEqual(await overTcp([framed(answer)], 1), []);
  });

  it('goes on after packets of any kind', async () => {
    const garbage = Array.from({ length: 200 }, (_, i) => Buffer.alloc(i * 7, i));
    const replies = await overUdp([...garbage, question('svc.cluster.local A', { id: 60_000 })], 1);
    await eventually(() => replies.length > 0, { describe: 'a reply' });
    assert.deepEqual(await answers('svc.cluster.local A'), ['NOERROR aa']);
  });

  it('takes the next port where one is taken, by whichever protocol', async () => {
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
    const ports = [place.port, taken.address().port, 0];
    const options = { clusterDomain: 'cluster.local', clusterDns: '10.96.0.10', ranges: [], ports };
    const second = new DnsServer({ ...options, resolvConf: '/dev/null' }, { cache, clock: cluster.clock, log });
    await second.open('127.0.0.1');
    assert.ok(second.place !== undefined && !ports.includes(second.place.port));
    await second.close();
    await new Promise<void>((resolve) => taken.close(resolve));
  });

  it('says once that an address is not here, and is there when it comes', async () => {
    const said = new CollectedLog();
    const options = { clusterDomain: 'cluster.local', clusterDns: '10.96.0.10', ranges: [], resolvConf: '/dev/null' };
    const early = new DnsServer({ ...options, ports: [0] }, { cache, clock: cluster.clock, log: said });
    await early.open('192.0.2.77');
    await early.open('192.0.2.77');
    assert.equal(early.place, undefined);
    assert.equal(said.lines.length, 1);
    await early.open('127.0.0.1');
    assert.ok(early.place);
    await early.close();
  });

  it('never asks itself, though resolv.conf says so', async () => {
    assert.deepEqual(await answers('www.example.com A'), ['SERVFAIL']);
    assert.match(JSON.stringify(log.lines), /names outside of the cluster cannot be answered/);
  });

  it('does not listen any more once it is closed', async () => {
    await server.close();
    await server.open('127.0.0.2');
    assert.deepEqual(server.place, place);
  });
});
