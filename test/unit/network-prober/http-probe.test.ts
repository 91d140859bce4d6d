/** HTTP probes against real servers on the loopback interface. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority } from '../../../daemon/adapters/certificates/issue.ts';
import { NetworkProber } from '../../../daemon/adapters/network-prober/network-prober.ts';
import type { HttpTarget } from '../../../reconcilers/ports/prober.ts';

describe('an HTTP probe', () => {
  const prober = new NetworkProber();
  const servers: Server[] = [];
  const requests: IncomingMessage[] = [];
  const { signal } = new AbortController();

  async function serve(listener: RequestListener, server = createServer()): Promise<HttpTarget> {
    server.on('request', (request: IncomingMessage, response) => {
      requests.push(request);
      listener(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { scheme: 'HTTP', host: '127.0.0.1', port, path: '/', headers: [], purpose: 'probe' };
  }
  const answers = (statusCode: number, headers: Record<string, string> = {}, body = 'body') =>
    serve((_request, response) => response.writeHead(statusCode, headers).end(body));
  const ask = (target: HttpTarget, timeoutMs = 5_000) => prober.http(target, { timeoutMs, signal });

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    requests.length = 0;
  });

  it('is content with an answer from 200 to 299', async () => {
    assert.deepEqual(await ask(await answers(200)), { outcome: 'success', output: 'body', status: 200 });
    assert.equal((await ask(await answers(299))).outcome, 'success');
  });

  it('fails with any from 400 on', async () => {
    const answer = await ask(await answers(503));
    assert.deepEqual(answer, { outcome: 'failure', output: 'HTTP probe failed with statuscode: 503', status: 503 });
    assert.equal((await ask(await answers(404))).outcome, 'failure');
  });

  it('asks as Kubernetes does', async () => {
    const target = await answers(200);
    await ask({ ...target, path: '/healthz?verbose=1' });
    const [request] = requests;
    assert.equal(request?.url, '/healthz?verbose=1');
    assert.equal(request?.method, 'GET');
    assert.deepEqual(request?.headers, {
      host: `127.0.0.1:${target.port}`,
      'user-agent': 'kube-probe/1.33',
      accept: '*/*',
      connection: 'close',
    });
  });

  it('sends the headers that are asked for, several of a name too, and in place of its own', async () => {
    const target = await answers(200);
    const headers = [
      { name: 'Host', value: 'web.example.com' },
      { name: 'X-One', value: '1' },
      { name: 'X-One', value: '2' },
      { name: 'User-Agent', value: 'mine' },
      { name: 'Accept', value: '' },
    ];
    await ask({ ...target, headers });
    const [request] = requests;
    assert.deepEqual(request?.headers, {
      host: 'web.example.com',
      'x-one': '1, 2',
      'user-agent': 'mine',
      connection: 'close',
    });
  });

  it('takes any certificate', async () => {
    const longAgo = { notBefore: new Date(0), notAfter: new Date(86_400_000) };
    const { key, certificate: cert } = pemOf(await issueAuthority('nobody', longAgo));
    const target = await serve((_request, response) => response.end('safe'), createTlsServer({ key, cert }) as never);
    assert.equal((await ask({ ...target, scheme: 'HTTPS' })).outcome, 'success');
    assert.equal((await ask(target)).outcome, 'failure');
  });

  it('follows redirects on the host, and tells of those that leave it', async () => {
    const target = await serve((request, response) => {
      if (request.url === '/end') response.end('here');
      else response.writeHead(302, { location: '/end' }).end();
    });
    assert.deepEqual(await ask(target), { outcome: 'success', output: 'here', status: 200 });
    assert.deepEqual(await ask(await answers(301, { location: 'http://elsewhere.example.com/' }, 'gone')), {
      outcome: 'warning',
      output: 'Probe terminated redirects, Response body: gone',
      status: 301,
    });
    const endless = await answers(302, { location: '/' });
    assert.match((await ask(endless)).output, /stopped after 10 redirects$/);
    assert.equal(requests.filter(({ headers }) => headers.host === `127.0.0.1:${endless.port}`).length, 10);
  });

  it('fails where nobody answers, in time', async () => {
    const silent = await serve(() => undefined);
    assert.deepEqual(await ask(silent, 50), {
      outcome: 'failure',
      output: `Get "http://127.0.0.1:${silent.port}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
    const hesitant = await serve((_request, response) => response.writeHead(200).write('first'));
    assert.equal((await ask(hesitant, 50)).outcome, 'failure');
  });

  it('fails where nobody listens', async () => {
    const target = await answers(200);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    assert.deepEqual(await ask(target), {
      outcome: 'failure',
      output: `Get "http://127.0.0.1:${target.port}/": dial tcp 127.0.0.1:${target.port}: connect: connection refused`,
    });
  });

  it('reads no more than 10 KiB of an answer', async () => {
    const target = await answers(200, {}, 'x'.repeat(100_000));
    assert.equal((await ask(target)).output.length, 10 * 1024);
  });

  it('ends when its caller gives up', async () => {
    const target = await serve(() => undefined);
    const caller = new AbortController();
    const asking = prober.http(target, { signal: caller.signal });
    caller.abort();
    await assert.rejects(asking, { name: 'AbortError' });
  });

  it('cannot be led to another host by its path', async () => {
    const target = await answers(200);
    await ask({ ...target, path: '//elsewhere.example.com/x' });
    assert.equal(requests[0]?.url, '//elsewhere.example.com/x');
    await ask({ ...target, path: 'a b' });
    assert.equal(requests[1]?.url, '/a%20b');
  });
});
