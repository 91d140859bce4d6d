/** TCP and gRPC probes against real servers on the loopback interface. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { type Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { NetworkProber } from '../../../daemon/adapters/network-prober/network-prober.ts';

const HOST = '127.0.0.1';
const { signal } = new AbortController();

describe('a TCP probe', () => {
  const prober = new NetworkProber();

  it('is content with a connection, and closes it', async () => {
    const server = createServer();
    const port = await listen(server);
    const closed = new Promise((resolve) =>
      server.once('connection', (socket) => socket.once('close', resolve).resume()),
    );
    assert.deepEqual(await prober.tcp({ host: HOST, port }, { timeoutMs: 5_000, signal }), {
      outcome: 'success',
      output: '',
    });
    await closed;
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await prober.tcp({ host: HOST, port }, { timeoutMs: 5_000, signal }), {
      outcome: 'failure',
      output: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
  });

  it('ends when its caller gives up', async () => {
    await assert.rejects(prober.tcp({ host: HOST, port: 1 }, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});

describe('a gRPC probe', () => {
  const prober = new NetworkProber();
  let server: Server;
  let silent: NetServer;
  let port: number;
  const asked: { service: string; agent: string }[] = [];
  const check = (service: string, timeoutMs = 5_000) =>
    prober.grpc({ host: HOST, port }, service, { timeoutMs, signal });

  before('a server that speaks grpc.health.v1', async () => {
    const { nested } = protobuf
      .parse(`
      syntax = "proto3";
      package grpc.health.v1;
      message HealthCheckRequest { string service = 1; }
      message HealthCheckResponse {
        enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
        ServingStatus status = 1;
      }`)
      .root.lookup('grpc.health.v1') as protobuf.Namespace;
    const [Request, Response] = [nested?.HealthCheckRequest, nested?.HealthCheckResponse] as [
      protobuf.Type,
      protobuf.Type,
    ];
    const states: Record<string, number> = { '': 1, ill: 2, unsure: 0 };
    server = new Server();
    server.register(
      '/grpc.health.v1.Health/Check',
      (
        call: { request: { service: string }; metadata: Metadata },
        callback: (error: object | null, value?: object) => void,
      ) => {
        const { service } = call.request;
        asked.push({ service, agent: String(call.metadata.get('user-agent')[0]) });
        const state = states[service];
        if (service === 'slow') return;
        if (state === undefined) callback({ code: status.NOT_FOUND, details: 'unknown service' });
        else callback(null, { status: state });
      },
      (value: object) => Buffer.from(Response.encode(value).finish()),
      (bytes: Buffer) => Request.decode(bytes) as never,
      'unary',
    );
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
  });
  after(() => {
    server.forceShutdown();
    silent?.close();
  });

  it('is content with SERVING, of the server or of a service', async () => {
    assert.deepEqual(await check(''), { outcome: 'success', output: 'service healthy' });
    assert.equal(asked[0]?.service, '');
    assert.match(asked[0]?.agent ?? '', /^kube-probe\/1\.33 /);
  });

  it('fails with anything else, and says what', async () => {
    assert.equal((await check('ill')).output, 'service unhealthy (responded with "NOT_SERVING")');
    assert.equal((await check('unsure')).output, 'service unhealthy (responded with "UNKNOWN")');
    assert.equal(
      (await check('other')).output,
      'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
    );
  });

  it('fails where the answer takes too long', async () => {
    assert.deepEqual(await check('slow', 200), {
      outcome: 'failure',
      output: 'timeout: health rpc did not complete within 0.2s',
    });
  });

  it('fails where nobody speaks gRPC', async () => {
    const sockets: Socket[] = [];
    silent = createServer((socket) => sockets.push(socket));
    const silentPort = await listen(silent);
    const answer = await prober.grpc({ host: HOST, port: silentPort }, '', { timeoutMs: 200, signal });
    assert.equal(
      answer.output,
      `timeout: failed to connect service "127.0.0.1:${silentPort}" within 0.2s: context deadline exceeded`,
    );
    for (const socket of sockets) socket.destroy();
  });

  it('says so where the server has no health protocol', async () => {
    const bare = new Server();
    const barePort = await new Promise<number>((resolve) =>
      bare.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (_error, bound) => resolve(bound)),
    );
    const answer = await prober.grpc({ host: HOST, port: barePort }, '', { timeoutMs: 5_000, signal });
    assert.match(answer.output, /^error: this server does not implement the grpc health protocol/);
    bare.forceShutdown();
  });

  it('ends when its caller gives up', async () => {
    const caller = new AbortController();
    const asking = prober.grpc({ host: HOST, port }, 'slow', { timeoutMs: 60_000, signal: caller.signal });
    caller.abort();
    await assert.rejects(asking, { name: 'AbortError' });
  });
});

async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return (server.address() as AddressInfo).port;
}
