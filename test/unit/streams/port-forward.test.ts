import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { joinDirections } from '../../../daemon/serving/join-directions.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { connectChannels } from '../../fakes/channel-client.ts';
import { SpdyClient, upgradeToSpdy } from '../../fakes/spdy-client.ts';
import { openTunnel } from '../../fakes/tunnel-client.ts';
import { createStreamBed, POD, type StreamBed } from './stream-bed.ts';

const isLeft = ({ destroyed, readableEnded }: Duplex) => destroyed || readableEnded;

/** The pod sends back what it gets on port 80, says bye on 79; nobody listens on 81. */
describe('port-forward', () => {
  let bed: StreamBed;
  let clients: { destroy(): void }[];
  beforeEach(async () => {
    bed = await createStreamBed();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await bed.close();
  });

  const keep = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  const overSpdy = async (): Promise<SpdyClient> => {
    const at = { socketPath: bed.socketPath };
    const { client, protocol } = await upgradeToSpdy({
      path: `${POD}/portforward`,
      protocols: ['portforward.k8s.io'],
      at,
    });
    assert.equal(protocol, 'portforward.k8s.io');
    return keep(client);
  };
  const throughWebSocket = async (): Promise<SpdyClient> => {
    const protocol = 'SPDY/3.1+portforward.k8s.io';
    const { stream } = await openTunnel({ socketPath: bed.socketPath, path: `${POD}/portforward`, protocol });
    return keep(new SpdyClient(stream));
  };
  const open = async (client: SpdyClient, port: number, requestid: string) => {
    const headers = { port: String(port), requestid };
    const error = await client.open({ ...headers, streamtype: 'error' });
    error.end();
    return { error, data: await client.open({ ...headers, streamtype: 'data' }) };
  };

  for (const [way, connect] of [
    ['over SPDY', overSpdy],
    ['over SPDY in a WebSocket', throughWebSocket],
  ] as const) {
    describe(way, () => {
      it('carries many connections in one session, each whole', async () => {
        const client = await connect();
        await Promise.all(
          Array.from({ length: 20 }, async (_, at) => {
            const { error, data } = await open(client, 80, String(at));
            const sent = Buffer.alloc(150_000, at);
            for (let part = 0; part < 3; part++) await data.send(sent.subarray(0, 50_000));
            data.end();
            await data.ended;
            await error.ended;
            assert.ok(Buffer.concat(data.received).equals(sent));
            assert.equal(error.text(), '');
          }),
        );
      });

      it('says on the error stream that nobody listens, and goes on', async () => {
        const client = await connect();
        const { error, data } = await open(client, 81, '0');
        await error.ended;
        assert.match(error.text(), /error forwarding port 81 to pod web: .*ECONNREFUSED/);
        await assert.rejects(data.ended);
        const next = await open(client, 80, '1');
        await next.data.send('hello');
        next.data.end();
        await next.data.ended;
        assert.equal(next.data.text(), 'hello');
      });

      it('is done with a connection when the pod is, though the client has not ended its side', async () => {
        const client = await connect();
        const { error, data } = await open(client, 79, '0');
        await data.ended;
        await error.ended;
        assert.deepEqual([data.text(), error.text()], ['bye', '']);
      });

      it('closes what a client that is gone had open', async () => {
        const client = await connect();
        const { data } = await open(client, 80, '0');
        await data.send('hello');
        await eventually(() => data.text() === 'hello', { describe: 'the echo' });
        client.destroy();
        await eventually(() => bed.connections.every(isLeft), { describe: 'the pod to be left' });
        assert.equal(bed.connections.length, 1);
      });
    });
  }

  it('takes the streams of old clients, which name no request, as pairs', async () => {
    const client = await overSpdy();
    const error = await client.open({ streamtype: 'error', port: '80' });
    const data = await client.open({ streamtype: 'data', port: '80' });
    await data.send('hello');
    data.end();
    await error.ended;
    assert.equal(data.text(), 'hello');
  });

  it('resets streams that belong to nothing', async () => {
    const client = await overSpdy();
    for (const headers of [
      { streamtype: 'data', port: '0' },
      { streamtype: 'data', port: '65536' },
      { streamtype: 'data', port: 'http' },
      { streamtype: 'stdin', port: '80' },
      { port: '80' },
    ] as Record<string, string>[]) {
      await assert.rejects((await client.open(headers)).ended, /reset/);
    }
    const twice = { streamtype: 'data', port: '80', requestid: '0' };
    await client.open(twice);
    await assert.rejects((await client.open(twice)).ended, /reset/);
  });

  describe('over channels', () => {
    const connect = async (query: string, protocol = 'v4.channel.k8s.io') =>
      keep(await connectChannels({ url: bed.url(`${POD}/portforward${query}`), protocols: [protocol] }));

    for (const protocol of ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
      it(`has two for each port, which begin with its number (${protocol})`, async () => {
        const client = await connect('?ports=80&ports=80', protocol);
        await client.send(0, 'first');
        await client.send(2, 'second');
        await eventually(() => client.bytes(0).length === 7 && client.bytes(2).length === 8, {
          describe: 'both echoes',
        });
        assert.deepEqual(
          [0, 1, 2, 3].map((channel) => client.text(channel)),
          ['P\0first', 'P\0', 'P\0second', 'P\0'],
        );
      });
    }

    it('says on its channel that nobody listens, and closes when all have ended', async () => {
      const client = await connect('?ports=81');
      assert.equal(await client.closed, 1000);
      assert.match(client.text(1).slice(2), /^error forwarding port 81 to pod web: .*ECONNREFUSED/);
    });

    it('closes what a client that is gone had open', async () => {
      const client = await connect('?ports=80,80');
      await eventually(() => bed.connections.length === 2, { describe: 'both connections' });
      client.destroy();
      await eventually(() => bed.connections.every(isLeft), { describe: 'the pod to be left' });
    });

    it('wants ports', async () => {
      await assert.rejects(connect(''), /400: .*\\"port\\" is required/);
      await assert.rejects(connect('?ports=80,http'), /400: .*unable to parse \\"http\\" as a port/);
    });
  });

  it('says before it upgrades what cannot be', async () => {
    const at = { socketPath: bed.socketPath };
    const ask = (pod: string) =>
      upgradeToSpdy({
        path: `/api/v1/namespaces/default/pods/${pod}/portforward`,
        protocols: ['portforward.k8s.io'],
        at,
      });
    await assert.rejects(ask('nope'), /404: .*pods \\"nope\\" not found/);
    for (const { id } of bed.runtime.containers) await bed.runtime.stop(id, 0);
    await assert.rejects(ask('web'), /400: .*pod \\"web\\" is not running/);
  });
});

describe('joining two connections', () => {
  const textOf = async (stream: Duplex) => {
    let text = '';
    for await (const data of stream.iterator({ destroyOnReturn: false })) text += data;
    return text;
  };

  it('lets each direction end by itself', async () => {
    const [client, here] = duplexPair();
    const [pod, there] = duplexPair();
    const joined = joinDirections(here, there);
    pod.end('from the pod');
    assert.equal(await textOf(client), 'from the pod');
    client.end('from the client');
    assert.equal(await textOf(pod), 'from the client');
    await joined;
  });

  it('breaks off both where one does', async () => {
    const [client, here] = duplexPair();
    const [pod, there] = duplexPair();
    const joined = joinDirections(here, there);
    pod.on('error', () => {});
    client.on('error', () => {});
    there.destroy(new Error('reset'));
    await joined;
    assert.ok(here.destroyed);
  });
});
