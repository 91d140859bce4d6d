import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { SignJWT } from 'jose';
import { validityFrom } from '../../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../../daemon/adapters/certificates/issue.ts';
import { ApiConnection, SOCKET_NAME } from '../../../../daemon/cli/api-connection.ts';
import { createTlsBed, ISSUER, type TlsBed } from './tls-bed.ts';

const PODS = '/api/v1/namespaces/default/pods';
const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web' }] },
});
/** For a test that waits for its end. */
const PATIENCE = { handshakeMs: 500, headersMs: 500, requestMs: 1_000, checkMs: 50 };
const JSON_BODY = { 'content-type': 'application/json' };

describe('the API over TLS', function () {
  this.timeout(20_000);
  let bed: TlsBed;
  before(async () => {
    bed = await createTlsBed();
  });
  after(() => bed.close());

  it('lets nobody in who shows nothing, but to four paths', async () => {
    for (const path of ['/livez', '/readyz', '/healthz']) assert.equal((await bed.ask(path)).text, 'ok', path);
    assert.equal((await bed.ask('/version')).code, 200);
    for (const path of [PODS, '/api', '/apis', '/openapi/v3', '/diagnostics', '/', '/api/v1/secrets', '/livezz']) {
      const { code, body } = await bed.ask(path);
      assert.equal(code, 401, path);
      assert.deepEqual(body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        details: {},
        code: 401,
      });
    }
    assert.equal((await bed.ask(PODS, { method: 'POST', body: POD, headers: JSON_BODY })).code, 401);
  });

  it("takes the administrator's certificate", async () => {
    const { code, body, headers } = await bed.ask(PODS, { client: bed.certificates.admin });
    assert.equal(code, 200);
    assert.equal(body.kind, 'PodList');
    assert.match(String(headers['audit-id']), /^[0-9a-f-]{36}$/);
    assert.equal(headers['cache-control'], 'no-cache, private');
  });

  it('takes no certificate of another authority, and none that is for servers', async () => {
    const foreign = await issueAuthority('sampan-ca', validityFrom(Date.now()));
    const subject = { commonName: 'sampan:admin', organizations: ['system:masters'], usage: 'client' } as const;
    const stranger = await issueCertificate(subject, validityFrom(Date.now()), foreign);
    assert.equal((await bed.ask(PODS, { client: stranger })).code, 401);
    assert.equal((await bed.ask('/livez', { client: stranger })).code, 401);
    assert.equal((await bed.ask(PODS, { client: bed.certificates.serving })).code, 401);
    // A token beside it still counts.
    assert.equal((await bed.ask(PODS, { client: stranger, token: 'admin-token' })).code, 200);
  });

  it('takes no certificate outside its time', async () => {
    const { authority } = bed.certificates;
    const subject = { commonName: 'old', organizations: ['system:masters'], usage: 'client' } as const;
    const expired = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) };
    assert.equal((await bed.ask(PODS, { client: await issueCertificate(subject, expired, authority) })).code, 401);
  });

  it('takes static tokens, and no others', async () => {
    assert.equal((await bed.ask(PODS, { token: 'admin-token' })).code, 200);
    for (const token of ['admin-toke', 'admin-token2', 'nonsense', 'a.b.c']) {
      assert.equal((await bed.ask(PODS, { token })).code, 401, token);
    }
    assert.equal((await bed.ask(PODS, { headers: { authorization: 'Basic cm9vdDpyb290' } })).code, 401);
  });

  describe('with ServiceAccount tokens', () => {
    const account = { name: 'robot', uid: 'uid-robot' };
    const grant = { namespace: 'default', serviceAccount: account, audiences: [ISSUER], expirationSeconds: 600 };
    const code = async (token: string) => (await bed.ask('/apis', { token })).code;
    /** What a token gets that is good: /apis is for everybody who is known. */
    const known = 200;

    before(() => {
      bed.existing.set('ServiceAccount/default/robot', 'uid-robot');
      bed.existing.set('Pod/default/worker', 'uid-worker');
    });

    it('knows its own', async () => {
      const { token } = await bed.accounts.issue(grant);
      assert.equal(await code(token), known);
      const { body } = await bed.ask(PODS, { token });
      assert.equal(
        body.message,
        'pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"',
      );
    });

    it('refuses one that is expired, foreign, altered, unsigned, or for others', async () => {
      const { token } = await bed.accounts.issue(grant);
      const [header = '', payload = '', signature = ''] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const promoted = encode({ ...claims, 'kubernetes.io': { namespace: 'kube-system', serviceaccount: account } });
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
      const bad = {
        expired: (await bed.accounts.issue({ ...grant, expirationSeconds: -1 })).token,
        foreign,
        altered: `${header}.${promoted}.${signature}`,
        unsigned: `${encode({ alg: 'none' })}.${payload}.`,
        garbled: `${token.slice(0, -4)}AAAA`,
        elsewhere: (await bed.accounts.issue({ ...grant, audiences: ['vault'] })).token,
      };
      for (const [why, token] of Object.entries(bad)) assert.equal(await code(token), 401, why);
    });

    it('refuses one whose account or pod is gone, or is another of the same name', async () => {
      const bound = { kind: 'Pod', name: 'worker', uid: 'uid-worker' } as const;
      const { token } = await bed.accounts.issue({ ...grant, bound });
      assert.equal(await code(token), known);
      bed.existing.set('Pod/default/worker', 'uid-another');
      assert.equal(await code(token), 401);
      bed.existing.delete('Pod/default/worker');
      assert.equal(await code(token), 401);
      const unbound = (await bed.accounts.issue(grant)).token;
      assert.equal(await code(unbound), known);
      bed.existing.set('ServiceAccount/default/robot', 'uid-later');
      assert.equal(await code(unbound), 401);
    });
  });

  it('lets the group view read, but no secrets, no containers, and no writing', async () => {
    const vera = await bed.client('vera', ['view']);
    for (const path of [PODS, '/api/v1/nodes', '/apis/sampan.dev/v1/sources', '/diagnostics']) {
      assert.equal((await bed.ask(path, { client: vera })).code, 200, path);
    }
    const forbidden: [string, string, string][] = [
      [
        'GET',
        '/api/v1/namespaces/default/secrets',
        'secrets is forbidden: User "vera" cannot list resource "secrets" in API group "" in the namespace "default"',
      ],
      [
        'GET',
        '/api/v1/secrets?watch=true',
        'secrets is forbidden: User "vera" cannot watch resource "secrets" in API group "" at the cluster scope',
      ],
      [
        'GET',
        `${PODS}/web/exec?command=id`,
        'pods "web" is forbidden: User "vera" cannot get resource "pods/exec" in API group "" in the namespace "default"',
      ],
      [
        'DELETE',
        '/apis/apps/v1/namespaces/default/deployments/web',
        'deployments.apps "web" is forbidden: User "vera" cannot delete resource "deployments" in API group "apps" in the namespace "default"',
      ],
      ['GET', '/unknown', 'forbidden: User "vera" cannot get path "/unknown"'],
    ];
    for (const [method, path, message] of forbidden) {
      const { code, body } = await bed.ask(path, { method, client: vera });
      assert.equal(code, 403, path);
      assert.equal(body.reason, 'Forbidden');
      assert.equal(body.message, message);
    }
    const { code } = await bed.ask(PODS, { method: 'POST', client: vera, body: POD, headers: JSON_BODY });
    assert.equal(code, 403);
  });

  it('refuses an upgrade like any request', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
    const exec = `${PODS}/web/exec?command=id`;
    const refused = await bed.ask(exec, { method: 'POST', token: 'view-token', headers: upgrade });
    assert.equal(refused.code, 403);
    assert.match(String(refused.body.message), /cannot create resource "pods\/exec"/);
    assert.equal((await bed.ask(exec, { headers: upgrade })).code, 401);
    const page = { ...upgrade, origin: 'https://evil.example' };
    assert.equal((await bed.ask(exec, { client: bed.certificates.admin, headers: page })).code, 403);
  });

  it('acts as somebody else for whom may', async () => {
    const headers = { 'impersonate-user': 'vera', 'impersonate-group': 'view' };
    const secrets = '/api/v1/secrets';
    assert.equal((await bed.ask(PODS, { token: 'admin-token', headers })).code, 200);
    assert.match(
      String((await bed.ask(secrets, { token: 'admin-token', headers })).body.message),
      /User "vera" cannot list/,
    );
    const { code, body } = await bed.ask(PODS, { token: 'view-token', headers });
    assert.equal(code, 403);
    assert.equal(
      body.message,
      'users "vera" is forbidden: User "vera" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });

  it('serves no web page', async () => {
    const client = bed.certificates.admin;
    const code = async (headers: Record<string, string>) => (await bed.ask(PODS, { client, headers })).code;
    assert.equal(await code({ host: 'evil.example:6443' }), 403);
    assert.equal(await code({ origin: 'https://evil.example' }), 403);
    assert.equal(await code({ origin: 'null' }), 403);
    assert.equal(await code({ 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal(await code({ host: 'localhost:6443' }), 200);
    const preflight = await bed.ask(PODS, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
    assert.equal(preflight.code, 403);
    assert.equal(preflight.headers['access-control-allow-origin'], undefined);
  });

  it('refuses a body over the limit, announced or not, with a Status', async () => {
    const big = 'x'.repeat(3 * 1024 * 1024 + 1);
    const announced = { ...JSON_BODY, 'content-length': String(big.length) };
    for (const headers of [announced, { ...JSON_BODY, 'transfer-encoding': 'chunked' }]) {
      const { code, body } = await bed.ask(PODS, { method: 'POST', token: 'admin-token', headers, body: big });
      assert.equal(code, 413);
      assert.equal(body.reason, 'RequestEntityTooLarge');
      assert.equal(body.message, 'Request entity too large: limit is 3145728');
    }
  });

  it('writes who changed what into the audit log, and nothing of what was said', async () => {
    bed.audit.length = 0;
    const sent = { method: 'POST', headers: { ...JSON_BODY, 'user-agent': 'test/1' }, body: POD };
    assert.equal((await bed.ask(`${PODS}?pretty=hush`, { ...sent, client: bed.certificates.admin })).code, 201);
    await bed.ask(PODS, { ...sent, token: 'view-token' });
    await bed.ask(PODS, { token: 'view-token' });
    await bed.ask(`${PODS}/web/exec?command=hush`, { token: 'view-token' });
    await bed.ask(`${PODS}/web`, { method: 'DELETE', token: 'admin-token', headers: { 'impersonate-user': 'paul' } });
    // A line is written when the answer is out, which the client may see first.
    await until(() => bed.audit.length === 4);
    assert.deepEqual(
      bed.audit.map((event) => [event.user.username, event.verb, event.objectRef?.name, event.responseStatus.code]),
      [
        ['sampan:admin', 'create', 'web', 201],
        ['vera', 'create', undefined, 403],
        ['vera', 'get', 'web', 403],
        ['root', 'delete', 'web', 403],
      ],
    );
    const [first, , exec, acting] = bed.audit;
    assert.equal(first?.requestURI, PODS);
    assert.equal(first?.userAgent, 'test/1');
    assert.deepEqual(first?.sourceIPs, ['127.0.0.1']);
    assert.deepEqual(first?.user.groups, ['system:masters', 'system:authenticated']);
    assert.equal(exec?.objectRef?.subresource, 'exec');
    assert.equal(acting?.impersonatedUser?.username, 'paul');
    assert.doesNotMatch(JSON.stringify(bed.audit), /hush|containers/);
  });

  it('shows a renewed certificate to new connections, and lets the old ones go on', async () => {
    const shown = async () => {
      const socket = connect({ port: bed.listener.port, host: '127.0.0.1', ca: ca() });
      await once(socket, 'secureConnect');
      return { socket, fingerprint: socket.getPeerX509Certificate()?.fingerprint256 };
    };
    const ca = () => pemOf(bed.certificates.authority).certificate;
    const before = await shown();
    const subject = { commonName: 'kube-apiserver', usage: 'server', names: ['127.0.0.1', 'localhost'] } as const;
    const renewed = await issueCertificate(subject, validityFrom(Date.now()), bed.certificates.authority);
    bed.listener.renew({ ...pemOf(renewed), authority: ca() });
    const after = await shown();
    assert.equal(after.fingerprint, renewed.certificate.fingerprint256);
    assert.notEqual(before.fingerprint, after.fingerprint);
    before.socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String((await once(before.socket, 'data'))[0]), /^HTTP\/1\.1 200/);
    // Clients that show a certificate are still known.
    assert.equal((await bed.ask(PODS, { client: bed.certificates.admin })).code, 200);
    for (const { socket } of [before, after]) socket.destroy();
  });
});

describe('the API under siege', function () {
  this.timeout(30_000);
  let bed: TlsBed;
  before(async () => {
    bed = await createTlsBed({ reads: 1, writes: 1, streams: 2 }, PATIENCE);
  });
  after(() => bed.close());

  it('tells one request too many to come back, but not the owner at the socket', async () => {
    const leave = bed.inFlight.enter('reads');
    const { code, headers, body } = await bed.ask(PODS, { token: 'admin-token' });
    assert.equal(code, 429);
    assert.equal(headers['retry-after'], '1');
    assert.equal(body.reason, 'TooManyRequests');
    assert.deepEqual(body.details, { retryAfterSeconds: 1 });
    const socket = join(bed.folder, SOCKET_NAME);
    await bed.server.listen(socket);
    assert.equal((await new ApiConnection(bed.folder).json<{ kind: string }>(PODS)).kind, 'PodList');
    leave();
    assert.equal((await bed.ask(PODS, { token: 'admin-token' })).code, 200);
    assert.equal((await bed.ask(PODS, { token: 'admin-token' })).code, 200);
  });

  it('gives the places of watches back when their clients go', async () => {
    const open = async () => {
      const socket = connect({ port: bed.listener.port, host: '127.0.0.1', rejectUnauthorized: false });
      socket.write(
        `GET ${PODS}?watch=true&resourceVersion=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer view-token\r\n\r\n`,
      );
      const [data] = await once(socket, 'data');
      return { socket, status: Number(String(data).slice(9, 12)) };
    };
    const watches = [await open(), await open()];
    assert.deepEqual(
      watches.map(({ status }) => status),
      [200, 200],
    );
    const third = await open();
    assert.equal(third.status, 429);
    third.socket.destroy();
    watches[0]?.socket.destroy();
    const deadline = performance.now() + 5_000;
    for (;;) {
      const { socket, status } = await open();
      socket.destroy();
      if (status === 200) break;
      assert.ok(performance.now() < deadline, 'the place was not given back');
    }
    watches[1]?.socket.destroy();
  });

  it('closes who sends too slowly', async () => {
    const half = connect({ port: bed.listener.port, host: '127.0.0.1', rejectUnauthorized: false });
    const mute = connectTcp({ port: bed.listener.port as number, host: '127.0.0.1' });
    // It may be told of the end, or only find the connection gone.
    const ended = [half, mute].map((socket) => {
      socket.on('error', () => {});
      socket.resume();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    const started = performance.now();
    half.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => half.writable && half.write('X-Slow: yes\r\n'), 50);
    try {
      await Promise.all(ended);
    } finally {
      clearInterval(drip);
    }
    assert.ok(performance.now() - started < 10_000);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
