import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { TlsIdentity } from '../../../daemon/serving/listeners.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { connectChannels } from '../../fakes/channel-client.ts';
import { upgradeToSpdy } from '../../fakes/spdy-client.ts';
import { openTunnel } from '../../fakes/tunnel-client.ts';
import { createRelayBed, type RelayBed, THERE } from './relay-bed.ts';
import { POD } from './stream-bed.ts';

const MEGABYTE = Buffer.alloc(2 ** 20, 'sixteen letters ');
const EXEC = `${POD}/exec?stdin=1&stdout=1&stderr=1&command=`;

describe('a pod on another node', function () {
  this.timeout(20_000);
  let bed: RelayBed;
  beforeEach(async () => {
    bed = await createRelayBed();
  });
  afterEach(() => bed.close());

  const ask = (path: string, method = 'GET') =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const outgoing = request({ socketPath: bed.socketPath, path, method, agent: false }, async (response) => {
        resolve({ status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  const refusal = async (path: string) => {
    const { status, text } = await ask(path);
    return [status, JSON.parse(text).message];
  };
  const running = () => bed.runtime.processesOf(bed.appId).length;

  describe('writes logs', () => {
    const follow = async () => {
      const outgoing = request({ socketPath: bed.socketPath, path: `${POD}/log?follow=true`, agent: false });
      outgoing.end();
      const [response] = await once(outgoing, 'response');
      let text = '';
      response.on('data', (data: Buffer) => (text += data));
      response.on('error', () => {});
      const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
      return { outgoing, response, closed, said: () => text };
    };

    it('that are given whole, or in part', async () => {
      for (const text of ['one\n', 'two\n']) bed.runtime.write(bed.appId, 'stdout', text);
      assert.deepEqual(await ask(`${POD}/log`), { status: 200, text: 'one\ntwo\n' });
      assert.equal((await ask(`${POD}/log?tailLines=1&container=app`)).text, 'two\n');
      assert.equal((await ask(`${POD}/log?limitBytes=5`)).text, 'one\nt');
    });

    it('that are followed until they end, or the client goes', async () => {
      const first = await follow();
      const second = await follow();
      bed.runtime.write(bed.appId, 'stdout', 'one\n');
      await eventually(() => first.said() === 'one\n' && second.said() === 'one\n', { describe: 'the line' });
      second.outgoing.destroy();
      await second.closed;
      bed.runtime.exit(bed.appId, 0);
      await first.closed;
      assert.equal(first.response.complete, true);
    });

    it('that break off when the node goes', async () => {
      const { response, closed } = await follow();
      await bed.node.close();
      await closed;
      assert.equal(response.complete, false);
    });

    it('over a WebSocket too', async () => {
      bed.runtime.write(bed.appId, 'stdout', 'one\n');
      const socket = new WebSocket(bed.url(`${POD}/log`), ['binary.k8s.io']);
      let text = '';
      socket.on('message', (data) => (text += String(data)));
      const [code] = await once(socket, 'close');
      assert.deepEqual([code, text], [1000, 'one\n']);
    });

    it("and is refused in the node's own words", async () => {
      const detail = 'previous terminated container "app" in pod "web" not found';
      assert.deepEqual(await refusal(`${POD}/log?previous=true`), [400, detail]);
      assert.equal((await refusal(`${POD}/log?tailLines=-1`))[0], 422);
    });
  });

  describe('runs commands', () => {
    it('over a WebSocket: outputs, exit code, and what was sent, to its end', async () => {
      const failing = await connectChannels({ url: bed.url(`${EXEC}fail`), protocols: ['v5.channel.k8s.io'] });
      assert.equal(await failing.closed, 1000);
      assert.deepEqual([failing.text(1), failing.text(2)], ['out', 'err']);
      assert.equal(JSON.parse(failing.text(3)).details.causes[0].message, '3');

      const copying = await connectChannels({ url: bed.url(`${EXEC}copy`), protocols: ['v5.channel.k8s.io'] });
      for (let at = 0; at < MEGABYTE.length; at += 32_768) await copying.send(0, MEGABYTE.subarray(at, at + 32_768));
      await copying.send(255, Buffer.of(0));
      assert.equal(await copying.closed, 1000);
      assert.ok(copying.bytes(1).equals(MEGABYTE), `${copying.bytes(1).length} bytes came back`);
    });

    it('over SPDY: outputs, exit code, and what was sent, to its end', async () => {
      const at = { socketPath: bed.socketPath };
      const protocols = ['v4.channel.k8s.io'];
      const { client, protocol } = await upgradeToSpdy({ path: `${EXEC}copy`, protocols, at });
      assert.equal(protocol, 'v4.channel.k8s.io');
      const [error, stdin, stdout] = await Promise.all(
        ['error', 'stdin', 'stdout', 'stderr'].map((streamtype) => client.open({ streamtype })),
      );
      for (let sent = 0; sent < MEGABYTE.length; sent += 32_768) {
        await stdin?.send(MEGABYTE.subarray(sent, sent + 32_768));
      }
      stdin?.end();
      await error?.ended;
      assert.ok(Buffer.concat(stdout?.received ?? []).equals(MEGABYTE));
      assert.equal(JSON.parse(error?.text() ?? '').status, 'Success');
      client.destroy();
    });

    it('which end with their client', async () => {
      const client = await connectChannels({ url: bed.url(`${EXEC}stay`), protocols: ['v5.channel.k8s.io'] });
      await eventually(() => running() === 1, { describe: 'the command to run' });
      client.destroy();
      await eventually(() => running() === 0, { describe: 'the command to end' });
    });

    it('whose client is told when the node goes', async () => {
      const client = await connectChannels({ url: bed.url(`${EXEC}stay`), protocols: ['v5.channel.k8s.io'] });
      await bed.node.close();
      assert.equal(await client.closed, 1006);
    });

    it('and says who does it, on the way there', async () => {
      const client = await connectChannels({ url: bed.url(`${EXEC}fail`), protocols: ['v5.channel.k8s.io'] });
      await client.closed;
      const [said] = bed.log.lines.filter(({ message }) => message === 'exec');
      const user = 'sampan:socket-owner';
      assert.deepEqual(said?.fields, { user, pod: 'default/web', container: 'app', node: THERE });
    });

    it('is attached to', async () => {
      const url = bed.url(`${POD}/attach?stdin=1&stdout=1`);
      const client = await connectChannels({ url, protocols: ['v5.channel.k8s.io'] });
      await client.send(0, 'hello');
      await eventually(() => client.text(1) === 'hello', { describe: 'the echo' });
      client.destroy();
    });

    it('and not where nothing of it runs', async () => {
      bed.runtime.exit(bed.appId, 0);
      const protocols = ['v5.channel.k8s.io'];
      await assert.rejects(
        connectChannels({ url: bed.url(`${EXEC}copy`), protocols }),
        /400: .*container \\"app\\" in pod \\"web\\" is not running/,
      );
    });
  });

  describe('is forwarded to', () => {
    it('over SPDY, many connections at once', async () => {
      const at = { socketPath: bed.socketPath };
      const { client } = await upgradeToSpdy({ path: `${POD}/portforward`, protocols: ['portforward.k8s.io'], at });
      await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          const headers = { port: '80', requestid: String(number) };
          await client.open({ ...headers, streamtype: 'error' });
          const data = await client.open({ ...headers, streamtype: 'data' });
          await data.send(`connection ${number}`);
          data.end();
          await data.ended;
          assert.equal(data.text(), `connection ${number}`);
        }),
      );
      client.destroy();
    });

    it("in the messages of kubectl's tunnel", async () => {
      const { socketPath } = bed;
      const path = `${POD}/portforward`;
      const { stream, closeCode } = await openTunnel({ socketPath, path, protocol: 'SPDY/3.1+portforward.k8s.io' });
      stream.end();
      assert.equal(await closeCode, 1000);
    });

    it('over channels, by the ports of the query', async () => {
      const url = bed.url(`${POD}/portforward?ports=79`);
      const client = await connectChannels({ url, protocols: ['v4.channel.k8s.io'] });
      assert.equal(await client.closed, 1000);
      assert.deepEqual(client.bytes(0), Buffer.concat([Buffer.of(79, 0), Buffer.from('bye')]));
    });
  });

  describe('is proxied to by way of its node, where no route leads to it', () => {
    let port: number;
    const program = createServer((incoming, response) => {
      response.setHeader('x-from', incoming.headers['x-forwarded-uri'] ?? '');
      incoming.pipe(response);
    });
    program.on('upgrade', (_, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    before(async () => {
      program.listen(0, '127.0.0.1');
      await once(program, 'listening');
      ({ port } = program.address() as AddressInfo);
    });
    after(() => program.close());

    it('with bodies', async () => {
      const path = `${POD}:${port}/proxy/there`;
      const outgoing = request({ socketPath: bed.socketPath, path, method: 'POST', agent: false });
      outgoing.end(MEGABYTE);
      const [response] = await once(outgoing, 'response');
      assert.equal(response.headers['x-from'], path);
      assert.ok(Buffer.concat(await response.toArray()).equals(MEGABYTE));
    });

    it('with other protocols', async () => {
      const headers = { connection: 'Upgrade', upgrade: 'echo' };
      const path = `${POD}:${port}/proxy/`;
      const outgoing = request({ socketPath: bed.socketPath, path, headers, agent: false });
      outgoing.end();
      const [, socket] = await once(outgoing, 'upgrade');
      socket.write('hello');
      assert.equal(String((await once(socket, 'data'))[0]), 'hello');
      socket.destroy();
    });

    it('and refused where nobody listens', async () => {
      const [status, message] = await refusal(`${POD}:1/proxy/`);
      assert.equal(status, 503);
      assert.match(message, /^error trying to reach service: connect ECONNREFUSED 127\.0\.0\.1:1$/);
    });
  });

  describe('and its node', () => {
    it('is asked for what it knows of itself', async () => {
      assert.equal((await ask(`/api/v1/nodes/${THERE}/proxy/healthz`)).text, 'ok');
      assert.equal((await ask(`/api/v1/nodes/${THERE}:${bed.nodePort}/proxy/healthz`)).text, 'ok');
      const { items } = JSON.parse((await ask(`/api/v1/nodes/${THERE}/proxy/pods`)).text);
      assert.deepEqual(
        items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
        ['web'],
      );
      assert.deepEqual(await refusal(`/api/v1/nodes/${THERE}/proxy/metrics`), [
        404,
        'the server could not find the requested resource',
      ]);
    });

    it('tells what its pods use', async () => {
      const { registry } = bed.cluster;
      const pod = await registry.get('Pod', { namespace: 'default', name: 'web' });
      assert.ok(pod);
      const state = { running: { startedAt: new Date(bed.cluster.clock.now()).toISOString() } };
      const status = { name: 'app', image: 'app', imageID: '', ready: true, started: true, restartCount: 0 };
      const containerStatuses = [{ ...status, lastState: {}, state, containerID: `docker://${bed.appId}` }];
      await registry.updateStatus('Pod', { ...pod, status: { ...pod.status, containerStatuses } });
      const summary = await bed.deps.nodes.summary(THERE, new AbortController().signal);
      assert.deepEqual(
        summary.pods.map(({ podRef, containers }) => [podRef.name, containers.map(({ name }) => name)]),
        [['web', ['app']]],
      );
    });

    it('is not upgraded to anything', async () => {
      const url = bed.url(`/api/v1/nodes/${THERE}/proxy/exec/default/web/app?command=copy&input=1`);
      await assert.rejects(connectChannels({ url, protocols: ['v5.channel.k8s.io'] }), /400: .*nothing here/);
    });
  });

  describe('cannot be asked', () => {
    const at = () => `node ${THERE} at 127.0.0.1:${bed.nodePort}`;

    it('when its node has gone', async () => {
      await bed.node.close();
      const [status, message] = await refusal(`${POD}/log`);
      assert.equal(status, 503);
      assert.equal(message, `${at()} does not answer: connect ECONNREFUSED 127.0.0.1:${bed.nodePort}`);
    });

    it('and kubectl is not made to try again and again before it says so', async () => {
      await bed.node.close();
      const { text } = await ask(`${POD}/log`);
      assert.equal(JSON.parse(text).details.retryAfterSeconds, undefined);
    });

    it('when its node is silent: for 5 seconds', async () => {
      const silent = createTcpServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      const addresses = [{ type: 'InternalIP' as const, address: '127.0.0.1' }];
      await bed.tell({ addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } });
      const connected = once(silent, 'connection') as Promise<[Socket]>;
      const asking = refusal(`${POD}/log`);
      const [socket] = await connected;
      await bed.cluster.clock.advance(5_000);
      const said = `node ${THERE} at 127.0.0.1:${port} does not answer: no connection within 5 s`;
      assert.deepEqual(await asking, [503, said]);
      socket.destroy();
      silent.close();
    });

    it('when its node has no server, or no address', async () => {
      const addresses = [{ type: 'InternalIP' as const, address: '127.0.0.1' }];
      await bed.tell({ addresses });
      assert.match((await refusal(`${POD}/log`))[1], /node there has no server of its own/);
      await bed.tell({});
      assert.deepEqual(await refusal(`${POD}/log`), [503, 'node there has no address']);
    });

    it('once there is no such node', async () => {
      await bed.cluster.registry.delete('Node', { namespace: '', name: THERE });
      assert.deepEqual(await refusal(`${POD}/log`), [404, 'nodes "there" not found']);
    });
  });

  describe('is guarded: its node', () => {
    const knock = (client: Partial<TlsIdentity>, path = '/healthz') =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const tls = { cert: client.certificate, key: client.key, rejectUnauthorized: false };
        const outgoing = httpsRequest(
          { host: '127.0.0.1', port: bed.nodePort, path, agent: false, ...tls },
          async (response) => {
            resolve({ status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() });
          },
        );
        outgoing.on('error', reject);
        outgoing.end();
      });

    it('lets in API servers and administrators, and nobody else', async () => {
      const statusOf = async (client: Partial<TlsIdentity>) => (await knock(client)).status;
      assert.equal(await statusOf(await bed.identity('somebody', ['system:masters'], 'client')), 200);
      assert.equal(await statusOf({}), 401);
      assert.equal(await statusOf(await bed.identity('system:node:here', ['system:nodes'], 'client')), 403);
      const other = await createRelayBed();
      try {
        assert.equal(await statusOf(await other.identity('somebody', ['system:masters'], 'client')), 401);
      } finally {
        await other.close();
      }
    });

    it('answers for its own pods only', async () => {
      const { registry } = bed.cluster;
      const spec = { nodeName: 'here', containers: [{ name: 'app', image: 'app' }] };
      const metadata = { name: 'other', namespace: 'default' };
      await registry.create('Pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec } as never);
      const client = await bed.identity('somebody', ['system:masters'], 'client');
      const { status, text } = await knock(client, '/containerLogs/default/other/app');
      assert.deepEqual([status, JSON.parse(text).message], [404, 'pods "other" not found']);
      assert.equal((await knock(client, '/exec/default/web/app?command=copy&input=1')).status, 400);
      assert.equal((await knock(client, '/containerLogs/default/web/app/more')).status, 404);
    });

    it('goes on under a new certificate', async () => {
      bed.node.renew(await bed.identity(`system:node:${THERE}`, ['system:nodes'], 'server'));
      bed.deps.nodes.renew(await bed.identity('kube-apiserver-kubelet-client', ['system:masters'], 'client'));
      assert.equal((await ask(`/api/v1/nodes/${THERE}/proxy/healthz`)).text, 'ok');
    });
  });
});

describe('a node that is somebody else', function () {
  this.timeout(20_000);
  const told = async (options: Parameters<typeof createRelayBed>[0]) => {
    const bed = await createRelayBed(options);
    try {
      await bed.deps.nodes.summary(THERE, new AbortController().signal);
      return 'nothing';
    } catch (error) {
      return (error as Error).message.replace(`:${bed.nodePort}`, '');
    } finally {
      await bed.close();
    }
  };

  it('is told nothing', async () => {
    const groups = ['system:nodes'];
    const other = await told({ shownBy: { name: 'system:node:other', groups } });
    assert.equal(
      other,
      'what answers for node there at 127.0.0.1 is not that node: its certificate is that of "system:node:other"',
    );
    const user = await told({ shownBy: { name: `system:node:${THERE}`, groups: ['developers'] } });
    assert.match(user, /is not that node/);
  });

  it('is told of as one that refuses us, where it does', async () => {
    const refused = await told({ shows: { name: 'jane', groups: ['developers'] } });
    assert.equal(refused, 'node there at 127.0.0.1: forbidden: User "jane" may not GET /stats/summary of a node');
  });
});
