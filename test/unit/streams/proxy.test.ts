import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { attributesOf } from '../../../daemon/apiserver/access/request-attributes.ts';
import { resourceRequest } from '../../../daemon/apiserver/request-info.ts';
import { requestHeaders, responseHeaders } from '../../../daemon/apiserver/streams/proxy/headers.ts';
import { parseProxyName, type TargetDeps, targetOf } from '../../../daemon/apiserver/streams/proxy/target.ts';
import { runPod } from '../../fakes/fake-node.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { createTestCluster } from '../../fakes/test-cluster.ts';
import { createStreamBed, POD, type StreamBed } from './stream-bed.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

describe('proxy', () => {
  let bed: StreamBed;
  let backend: Server;
  let port: number;
  let handle: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    bed = await createStreamBed();
    handle = echo;
    backend = createServer((incoming, outgoing) => handle(incoming, outgoing));
    backend.on('upgrade', (_, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    ({ port } = backend.address() as AddressInfo);
  });
  afterEach(async () => {
    await bed.close();
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
  });

  const ask = (path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const { method = 'GET', headers = {}, body } = options;
      const outgoing = request(
        { socketPath: bed.socketPath, path, method, headers, agent: false },
        async (response) => {
          const text = Buffer.concat(await response.toArray()).toString();
          resolve({ status: response.statusCode, headers: response.headers, text });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const web = (rest: string) => `${POD}:${port}/proxy${rest}`;

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    it(`passes ${method} on with its path, query and body`, async () => {
      const body = method === 'GET' || method === 'OPTIONS' ? '' : 'a body';
      const framings: Record<string, string>[] = [{ 'content-length': String(body.length) }];
      if (body !== '') framings.push({ 'transfer-encoding': 'chunked' });
      for (const headers of framings) {
        const { status, text } = await ask(web('/a/b%20c/?x=1&y=%2F'), { method, body, headers });
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(text), { method, url: '/a/b%20c/?x=1&y=%2F', body });
      }
    });
  }

  it('passes HEAD on, and status and headers back', async () => {
    handle = (_, response) => response.writeHead(418, 'Short and stout', { 'x-tea': 'pot', 'content-length': 5 }).end();
    const { status, headers } = await ask(web('/'), { method: 'HEAD' });
    assert.deepEqual([status, headers['x-tea'], headers['content-length']], [418, 'pot', '5']);
  });

  it('takes the first port that a container declares, and sends a bare GET to the slash', async () => {
    const { status, headers } = await ask(`${POD}/proxy?x=1`);
    assert.deepEqual([status, headers.location], [301, `${POD}/proxy/?x=1`]);
    const { text } = await ask(`${POD}:${port}/proxy`, { method: 'POST', body: 'b' });
    assert.deepEqual(JSON.parse(text), { method: 'POST', url: '/', body: 'b' });
  });

  it('passes on what comes while it comes', async () => {
    let finish = () => {};
    handle = (_, response) => {
      response.write('first');
      finish = () => response.end('last');
    };
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const outgoing = request({ socketPath: bed.socketPath, path: web('/'), agent: false }, (response) => {
        response.on('data', (data: Buffer) => {
          received += data.toString();
          if (received === 'first') finish();
        });
        response.on('end', () => resolve(received));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
    assert.equal(text, 'firstlast');
  });

  it('passes an upgrade on, both ways', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'chat' };
      const outgoing = request({ socketPath: bed.socketPath, path: web('/chat'), headers, agent: false });
      outgoing.on('error', reject);
      outgoing.on('upgrade', (response, socket) => {
        socket.on('data', (data) => {
          socket.destroy();
          resolve(`${response.headers.upgrade}: ${data.toString()}`);
        });
        socket.write('hello');
      });
      outgoing.end();
    });
    assert.equal(text, 'chat: hello');
  });

  it('keeps credentials from the program, and tells it how it was asked', async () => {
    let seen: IncomingMessage['headers'] = {};
    handle = (incoming, response) => {
      seen = incoming.headers;
      response.end();
    };
    await ask(web('/x'), { headers: { 'x-remote-user': 'admin', 'x-kept': '1', connection: 'x-hop', 'x-hop': '1' } });
    assert.equal(seen['x-kept'], '1');
    assert.equal(seen['x-forwarded-uri'], web('/x'));
    assert.deepEqual([seen['x-remote-user'], seen['x-hop'], seen.authorization], [undefined, undefined, undefined]);
  });

  it('leads redirects within the program through the proxy', async () => {
    handle = (incoming, response) => {
      response.writeHead(302, { location: new URL(incoming.url ?? '', 'http://x').searchParams.get('to') ?? '' }).end();
    };
    const to = async (location: string) => (await ask(web(`/?to=${encodeURIComponent(location)}`))).headers.location;
    assert.equal(await to('/login?next=/'), `${POD}:${port}/proxy/login?next=/`);
    assert.equal(await to(`http://127.0.0.1:${port}/login`), `${POD}:${port}/proxy/login`);
    assert.equal(await to('https://elsewhere.example/login'), 'https://elsewhere.example/login');
    assert.equal(await to('next'), 'next');
  });

  it('says that the program cannot be reached', async () => {
    const { status, text } = await ask(`${POD}:1/proxy/`);
    assert.equal(status, 503);
    const { kind, reason, message } = JSON.parse(text);
    assert.deepEqual([kind, reason], ['Status', 'ServiceUnavailable']);
    assert.match(message, /^error trying to reach service: .*ECONNREFUSED/);
  });

  it('refuses names that are none, and pods that are not there', async () => {
    assert.equal((await ask('/api/v1/namespaces/default/pods/ftp:web:80/proxy/')).status, 400);
    assert.equal((await ask('/api/v1/namespaces/default/pods/nope/proxy/')).status, 404);
    assert.equal((await ask('/api/v1/namespaces/default/replicationcontrollers/x/proxy/')).status, 404);
  });

  describe('of a Node', () => {
    beforeEach(async () => {
      const { registry } = bed.cluster;
      for (const name of ['here', 'there']) {
        const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] };
        await registry.create('Node', {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name },
          spec: {},
          status,
        } as never);
        const node = await registry.get('Node', { namespace: '', name });
        await registry.updateStatus('Node', { ...node, status: { ...node?.status, ...status } } as never);
      }
    });

    it('answers what this node itself knows', async () => {
      assert.equal((await ask('/api/v1/nodes/here/proxy/healthz')).text, 'ok');
      const { kind, items } = JSON.parse((await ask('/api/v1/nodes/here:10250/proxy/pods')).text);
      assert.equal(kind, 'PodList');
      assert.deepEqual(
        items.map((pod: { metadata: { name: string } }) => pod.metadata.name),
        ['web'],
      );
      const summary = JSON.parse((await ask('/api/v1/nodes/here/proxy/stats/summary')).text);
      assert.deepEqual(summary.node, { nodeName: 'here' });
    });

    it('says what it does not', async () => {
      assert.equal((await ask('/api/v1/nodes/here/proxy/metrics')).status, 404);
      assert.equal((await ask('/api/v1/nodes/there/proxy/healthz')).status, 503);
      assert.equal((await ask('/api/v1/nodes/nope/proxy/healthz')).status, 404);
    });

    it('reaches other ports of any node', async () => {
      const { text } = await ask(`/api/v1/nodes/there:${port}/proxy/metrics`);
      assert.equal(JSON.parse(text).url, '/metrics');
    });
  });
});

describe('the target of a Service', () => {
  const service = { http: 80, other: 81 };

  /** Its endpoints: one pod that is there, and an address that somebody wrote by hand. */
  const prepared = async () => {
    const cluster = await createTestCluster();
    const { registry } = cluster;
    const runtime = new FakeRuntime(cluster);
    runtime.addImage('app');
    await runPod(cluster, runtime, 'web', { app: 'app' }, '10.244.0.5');
    const metadata = { name: 'front', namespace: 'default' };
    const ports = Object.entries(service).map(([name, port]) => ({ name, port, targetPort: port + 8000 }));
    await registry.create('Service', { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } } as never);
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'web', uid: 'u' };
    const subsets = [
      {
        addresses: [{ ip: '10.244.0.5', targetRef }, { ip: '192.0.2.1' }, { ip: '10.244.0.6', targetRef }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
      { notReadyAddresses: [{ ip: '10.244.0.5', targetRef }], ports: [{ name: 'other', port: 8081, protocol: 'TCP' }] },
    ];
    await registry.create('Endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets } as never);
    return { client: registry, random: cluster.random };
  };
  const ask = async (name: string, deps: TargetDeps) => {
    const attributes = attributesOf('GET', `/api/v1/namespaces/default/services/${name}/proxy/`);
    assert.ok(attributes.type === 'resource');
    const asked = resourceRequest(attributes);
    assert.ok(asked);
    const target = await targetOf(asked, deps);
    assert.ok(target !== 'kubelet');
    const { pod, ...place } = target;
    return { ...place, pod: pod?.metadata.name };
  };

  it('is a ready endpoint of the port with that number or name, and only one of a pod', async () => {
    const deps = await prepared();
    const target = { scheme: 'http', host: '10.244.0.5', port: 8080, pod: 'web' };
    for (const name of ['front:80', 'front:http', 'http:front:80']) {
      for (let time = 0; time < 10; time++) assert.deepEqual(await ask(name, deps), target);
    }
    assert.deepEqual(await ask('https:front:http', deps), { ...target, scheme: 'https' });
  });

  it('is missing, and why', async () => {
    const deps = await prepared();
    const refused = async (name: string, code: string, message: string) =>
      assert.rejects(ask(name, deps), { code, message });
    await refused('front:82', 'ServiceUnavailable', 'no service port 82 found for service "front"');
    await refused('front:other', 'ServiceUnavailable', 'no endpoints available for service "front"');
    await refused('front', 'ServiceUnavailable', 'no endpoints available for service "front"');
    await refused('nope', 'NotFound', 'services "nope" not found');
    await refused('ftp:front:80', 'BadRequest', 'invalid service request "ftp:front:80"');
  });
});

describe('the name in a proxy path', () => {
  it('is read as Kubernetes reads it', () => {
    assert.deepEqual(parseProxyName('web'), { scheme: 'http', name: 'web', port: '' });
    assert.deepEqual(parseProxyName('web:80'), { scheme: 'http', name: 'web', port: '80' });
    assert.deepEqual(parseProxyName('https:web:443'), { scheme: 'https', name: 'web', port: '443' });
    assert.deepEqual(parseProxyName('https:web:'), { scheme: 'https', name: 'web', port: '' });
    assert.deepEqual(parseProxyName(':web:80'), { scheme: 'http', name: 'web', port: '80' });
    for (const wrong of ['', ':80', 'ftp:web:80', 'a:b:c:d', 'http::80'])
      assert.equal(parseProxyName(wrong), undefined);
  });
});

describe("a proxied request's headers", () => {
  it('add the client to those it came through, and ask for an upgrade only where one is wanted', () => {
    const given = { 'x-forwarded-for': '10.0.0.1', authorization: 'Bearer x', upgrade: 'chat', connection: 'Upgrade' };
    const about = { clientAddress: '10.0.0.2', uri: '/x' };
    const plain = { 'x-forwarded-for': '10.0.0.1, 10.0.0.2', 'x-forwarded-uri': '/x' };
    assert.deepEqual(requestHeaders(given, about), plain);
    assert.deepEqual(requestHeaders(given, { ...about, upgrade: 'chat' }), {
      ...plain,
      connection: 'Upgrade',
      upgrade: 'chat',
    });
  });

  it('come back without what belongs to the connection, and without CORS', () => {
    const given = {
      connection: 'close, x-hop',
      'x-hop': '1',
      'transfer-encoding': 'chunked',
      'access-control-allow-origin': '*',
      'set-cookie': ['a=1', 'b=2'],
    };
    assert.deepEqual(responseHeaders(given, { prefix: '/p', hosts: [] }), { 'set-cookie': ['a=1', 'b=2'] });
  });
});

function echo(incoming: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  incoming.on('data', (data: Buffer) => parts.push(data));
  incoming.on('end', () => {
    const { method, url } = incoming;
    response.end(JSON.stringify({ method, url, body: Buffer.concat(parts).toString() }));
  });
}
