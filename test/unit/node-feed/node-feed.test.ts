/** A node's cache over its feed, from real API servers over TLS: it holds what the node may see, whatever happens on the way. */
import assert from 'node:assert/strict';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { ApiObjectClient } from '../../../daemon/adapters/api-client/api-object-client.ts';
import { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { NodeFeedClient } from '../../../daemon/adapters/api-client/node-feed-client.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import { keyOf } from '../../../reconcilers/objects/meta.ts';
import { NODE_KINDS } from '../../../reconcilers/objects/node-view.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { draftPod, draftService } from '../../fakes/objects.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { createTlsBed, type TlsBed } from '../apiserver/access/tls-bed.ts';

const NODE = 'n1';

/** An agent's way to the cluster, without the agent. */
async function connect(bed: TlsBed, ports: readonly number[]) {
  const identity = pemOf(await bed.client('admin', ['system:masters']));
  const tls = { ca: pemOf(bed.certificates.authority).certificate, cert: identity.certificate, key: identity.key };
  const servers = new ApiServers(
    ports.map((port) => `https://127.0.0.1:${port}`),
    () => tls,
  );
  const log = new CollectedLog();
  const direct = new ApiObjectClient(servers, new NodeFeedClient(servers, NODE));
  const cache = new ObjectCache(NODE_KINDS, { client: direct, clock: systemClock, log });
  const stop = new AbortController();
  const running = cache.run(stop.signal);
  return {
    servers,
    cache,
    log,
    client: readYourWrites(direct, cache),
    /** When it is as new as the cluster. */
    current: async () => cache.reached(await bed.cluster.registry.revision()),
    close: async () => {
      stop.abort();
      servers.close();
      await running;
    },
  };
}

/** A way to the server that can be cut. */
async function openRelay(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onwards = connectTo(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, onwards],
      [onwards, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const close = () => {
    cut();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, cut, close };
}

type Connection = Awaited<ReturnType<typeof connect>>;

function secret(name: string, data: Record<string, string> = {}) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, type: 'Opaque', data } as const;
}

function node(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'topology.kubernetes.io/zone': 'a' } },
    spec: {},
    status: { capacity: { cpu: '2' }, addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
  } as const;
}

function bound(name: string, node: string, secretName?: string) {
  const volumes = secretName === undefined ? [] : [{ name: 'v', secret: { secretName } }];
  return draftPod(name, 'a', { nodeName: node, volumes } as never);
}

describe('the feed of a node', () => {
  let bed: TlsBed;
  let connection: Connection;
  const names = (kind: 'Pod' | 'Secret' | 'Service') =>
    connection.cache.list(kind).map(({ metadata }) => metadata.name);

  beforeEach(async () => {
    bed = await createTlsBed();
  });

  afterEach(async () => {
    await connection.close();
    await bed.close();
  });

  it('shows its own pods, what they refer to, and every Service; nothing of other nodes’ pods', async () => {
    const { registry } = bed.cluster;
    for (const name of ['mine', 'theirs', 'nobodys']) await registry.create('Secret', secret(name));
    await registry.create('Pod', bound('here', NODE, 'mine'));
    await registry.create('Pod', bound('there', 'n2', 'theirs'));
    await registry.create('Pod', draftPod('nowhere', 'a'));
    await registry.create('Service', draftService('web'));
    connection = await connect(bed, [portOf(bed)]);
    await connection.current();
    assert.deepEqual(names('Pod'), ['here']);
    assert.deepEqual(names('Secret'), ['mine']);
    assert.deepEqual(names('Service'), ['web']);
  });

  it('shows the node all of its own Node, and where the others are; what they say of themselves else is no news', async () => {
    const { registry } = bed.cluster;
    for (const name of [NODE, 'n2']) await registry.create('Node', node(name) as never);
    connection = await connect(bed, [portOf(bed)]);
    await connection.current();
    const shown = (name: string) => connection.cache.get('Node', { namespace: '', name });
    assert.equal(shown(NODE)?.status.capacity?.cpu, '2');
    const { metadata, spec, status } = shown('n2') ?? assert.fail('it sees no other node');
    assert.deepEqual(metadata.labels, { 'topology.kubernetes.io/zone': 'a' });
    assert.deepEqual([spec, status], [{}, { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }]);

    const seen: string[] = [];
    connection.cache.subscribe(({ type, object }) => void seen.push(`${type} ${object.metadata.name}`));
    const change = (name: string, to: (current: ReturnType<typeof node>) => unknown) =>
      registry.modify('Node', { namespace: '', name }, to as never);
    for (const name of [NODE, 'n2']) {
      await change(name, (n) => ({ ...n, spec: { ...n.spec, unschedulable: true } }));
      await change(name, (n) => ({
        ...n,
        spec: { ...n.spec, podCIDR: name === NODE ? '10.1.0.0/24' : '10.2.0.0/24' },
      }));
    }
    await connection.current();
    assert.deepEqual(seen, [`MODIFIED ${NODE}`, `MODIFIED ${NODE}`, 'MODIFIED n2']);
    assert.equal(shown('n2')?.spec.podCIDR, '10.2.0.0/24');
    await registry.delete('Node', { namespace: '', name: 'n2' });
    await connection.current();
    assert.deepEqual([seen.at(-1), shown('n2')], ['DELETED n2', undefined]);
  });

  it('tells of what comes into its view and of what leaves it', async () => {
    const { registry } = bed.cluster;
    await registry.create('Secret', secret('s', { a: 'MQ==' }));
    const pod = await registry.create(
      'Pod',
      draftPod('p', 'a', { volumes: [{ name: 'v', secret: { secretName: 's' } }] } as never),
    );
    connection = await connect(bed, [portOf(bed)]);
    await connection.current();
    assert.deepEqual([names('Pod'), names('Secret')], [[], []]);
    const seen: string[] = [];
    connection.cache.subscribe(({ type, kind, object }) => void seen.push(`${type} ${kind} ${object.metadata.name}`));

    await registry.bindPod(keyOf(pod), pod.metadata.uid, NODE);
    await connection.current();
    assert.deepEqual(seen.splice(0).sort(), ['ADDED Pod p', 'ADDED Secret s']);

    await registry.modify('Secret', { namespace: 'default', name: 's' }, (s) => ({ ...s, data: { a: 'Mg==' } }));
    await connection.current();
    assert.equal(connection.cache.get('Secret', { namespace: 'default', name: 's' })?.data?.a, 'Mg==');
    assert.deepEqual(seen.splice(0), ['MODIFIED Secret s']);

    await registry.delete('Pod', keyOf(pod), { gracePeriodSeconds: 0 });
    await connection.current();
    assert.deepEqual(seen.splice(0).sort(), ['DELETED Pod p', 'DELETED Secret s']);
    assert.deepEqual([names('Pod'), names('Secret')], [[], []]);
  });

  it('lets the node read its own writes, and refuses as the registry does', async () => {
    const pod = await bed.cluster.registry.create('Pod', bound('p', NODE));
    connection = await connect(bed, [portOf(bed)]);
    await connection.current();
    const { client, cache } = connection;
    const running = { ...pod, status: { ...pod.status, phase: 'Running' as const } };
    const written = await client.updateStatus('Pod', running);
    assert.equal(cache.get('Pod', keyOf(pod))?.metadata.resourceVersion, written.metadata.resourceVersion);
    await assert.rejects(client.updateStatus('Pod', running), (error) => {
      assert.ok(isSampanError(error, 'Conflict'), String(error));
      assert.match(error.message, /^Operation cannot be fulfilled on pods "p": the object has been modified/);
      return true;
    });
    await assert.rejects(client.create('Pod', bound('p', NODE)), (error) => isSampanError(error, 'AlreadyExists'));
    assert.equal(await client.get('Pod', { namespace: 'default', name: 'none' }), undefined);
    assert.equal(await client.delete('Pod', { namespace: 'default', name: 'none' }), undefined);
    const gone = await client.delete('Pod', keyOf(pod), { gracePeriodSeconds: 0, uid: pod.metadata.uid });
    assert.ok(gone);
    assert.equal(cache.get('Pod', keyOf(pod)), undefined);
  });

  it('goes on with another server when one is gone, and misses nothing', async () => {
    const { registry } = bed.cluster;
    const first = await openRelay(portOf(bed));
    const pod = await registry.create('Pod', bound('p', NODE));
    connection = await connect(bed, [first.port, portOf(bed)]);
    await connection.current();
    const changes: string[] = [];
    connection.cache.subscribe(({ type, object }) => void changes.push(`${type} ${object.metadata.name}`));
    first.close();
    await registry.create('Pod', bound('q', NODE));
    await registry.delete('Pod', keyOf(pod), { gracePeriodSeconds: 0 });
    await connection.current();
    assert.deepEqual(changes.sort(), ['ADDED q', 'DELETED p']);
    assert.equal(connection.servers.current, `https://127.0.0.1:${portOf(bed)}`);
  });

  it('does not follow a server whose store does not answer', async () => {
    const { registry } = bed.cluster;
    const deaf = await createTlsBed();
    deaf.cluster.registry.revision = async () => {
      throw new Error('no etcd');
    };
    try {
      await registry.create('Pod', bound('p', NODE));
      // The two are one cluster to this client: same names, and it trusts whom it must.
      const identity = pemOf(await deaf.client('admin', ['system:masters']));
      const tls = { ca: pemOf(deaf.certificates.authority).certificate, cert: identity.certificate, key: identity.key };
      const servers = new ApiServers([`https://127.0.0.1:${portOf(deaf)}`], () => tls);
      await assert.rejects(new NodeFeedClient(servers, NODE).list('Pod'), (error) => {
        return isSampanError(error, 'ServerUnavailable') && /no etcd/.test(error.message);
      });
      servers.close();
    } finally {
      await deaf.close();
    }
    connection = await connect(bed, [portOf(bed)]);
  });

  it('holds what the cluster holds after any changes, with the connection broken at any moment', async () => {
    const { registry } = bed.cluster;
    const random = new SeededRandom(7);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)] as T;
    const seenNames = ['a', 'b', 'c', 'd', 'e', 'f'];
    const relay = await openRelay(portOf(bed));
    connection = await connect(bed, [relay.port]);
    await connection.current();
    for (let step = 0; step < 300; step++) {
      const [name, other] = [pick(seenNames), pick(seenNames)];
      const key = { namespace: 'default', name };
      const act = pick(['pod', 'pod', 'gone', 'secret', 'secret', 'no secret', 'service', 'break']);
      if (act === 'pod') await registry.create('Pod', bound(name, pick([NODE, NODE, 'n2']), other)).catch(ifTaken);
      if (act === 'gone') await registry.delete('Pod', key, { gracePeriodSeconds: 0 });
      if (act === 'secret') {
        const next = secret(name, { a: Buffer.from(String(step)).toString('base64') });
        await registry.create('Secret', next).catch(ifTaken);
        await registry.modify('Secret', key, (s) => ({ ...s, data: next.data }));
      }
      if (act === 'no secret') await registry.delete('Secret', key);
      if (act === 'service') await registry.create('Service', draftService(`${name}${step}`)).catch(ifTaken);
      if (act === 'break') relay.cut();
    }
    await connection.current();
    relay.close();
    const ours = (await registry.list('Pod')).items.filter(({ spec }) => spec.nodeName === NODE);
    const referred = new Set(ours.map(({ spec }) => JSON.stringify(spec).match(/"secretName":"(\w)"/)?.[1]));
    const wanted = {
      pods: ours.map(versionOf),
      secrets: (await registry.list('Secret')).items
        .filter(({ metadata }) => referred.has(metadata.name))
        .map(versionOf),
      services: (await registry.list('Service')).items.map(versionOf),
    };
    const { cache } = connection;
    assert.deepEqual(
      {
        pods: cache.list('Pod').map(versionOf).sort(),
        secrets: cache.list('Secret').map(versionOf).sort(),
        services: cache.list('Service').map(versionOf).sort(),
      },
      { pods: wanted.pods.sort(), secrets: wanted.secrets.sort(), services: wanted.services.sort() },
    );
    assert.ok(wanted.pods.length > 0 && wanted.secrets.length > 0);
  });
});

function portOf({ listener }: TlsBed): number {
  return listener.port ?? 0;
}

function versionOf({ metadata }: { metadata: { name: string; resourceVersion: string } }): string {
  return `${metadata.name}@${metadata.resourceVersion}`;
}

function ifTaken(error: unknown): void {
  if (!isSampanError(error, 'AlreadyExists')) throw error;
}
