import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askCertificate } from '../../../daemon/adapters/api-client/join-server.ts';
import { makeCertificateRequest } from '../../../daemon/adapters/certificates/certificate-request.ts';
import { validityFrom } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';
import { publicKeyHash } from '../../../daemon/adapters/certificates/public-key-hash.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { NodeCredential, type NodeCredentialOptions } from '../../../daemon/node-credential.ts';
import {
  bootstrapTokenKey,
  bootstrapTokenSecret,
  type NewToken,
} from '../../../reconcilers/objects/bootstrap-token.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { createTlsBed, type TlsBed } from '../apiserver/access/tls-bed.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SECRET = '0123456789abcdef';

describe("a node's credential", function () {
  this.timeout(20_000);
  let bed: TlsBed;
  let authority: string;
  let root: string;
  let log: CollectedLog;
  let machines = 0;
  let tokens = 0;
  before(async () => {
    bed = await createTlsBed();
    authority = publicKeyHash(bed.certificates.authority.certificate.publicKey);
    root = mkdtempSync(join(tmpdir(), 'sampan-node-'));
    const metadata = { name: 'kube-system' };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {}, status: { phase: 'Active' } } as const;
    await bed.cluster.registry.create('Namespace', namespace);
  });
  after(async () => {
    await bed.close();
    rmSync(root, { recursive: true });
  });
  beforeEach(() => {
    log = new CollectedLog();
  });

  const url = (port = bed.listener.port) => `https://127.0.0.1:${port}`;
  /** A token's file, as `sampan token create` would have printed it. */
  const tokenFile = async (token: Partial<NewToken> = {}, hash = `@${authority}`) => {
    const id = `tok${String(tokens++).padStart(3, '0')}`;
    const defaults = { id, secret: SECRET, description: '', reusable: false, expires: Date.now() + HOUR_MS };
    await bed.cluster.registry.create('Secret', bootstrapTokenSecret({ ...defaults, ...token }));
    const path = join(root, `${id}.token`);
    writeFileSync(path, `${id}.${SECRET}${hash}\n`);
    return { id, path };
  };
  /** A new machine each time. */
  const machine = (more: Partial<NodeCredentialOptions> = {}): NodeCredentialOptions => {
    const name = `n${++machines}`;
    return { servers: [url()], nodeName: name, addresses: [`192.0.2.${machines}`], folder: join(root, name), ...more };
  };
  const open = (
    options: NodeCredentialOptions,
    { clock = systemClock as Clock, signal = AbortSignal.timeout(10_000) } = {},
  ) => NodeCredential.open(options, { clock, log }, signal);
  const nodeOf = ({ nodeName: name }: NodeCredentialOptions) =>
    bed.cluster.registry.get('Node', { namespace: '', name });
  /** How the API answers who shows the credential. */
  const ask = async (credential: NodeCredential, path: string, method = 'GET', body?: object) => {
    const { cert, key } = credential.tls();
    const client = { certificate: new X509Certificate(cert), key: (await import('node:crypto')).createPrivateKey(key) };
    const headers = { 'content-type': 'application/json' };
    return bed.ask(path, { client, method, headers, ...(body && { body: JSON.stringify(body) }) });
  };

  it('is bought with a token: a certificate for the name and the addresses, to ask and to be asked', async () => {
    const { id, path } = await tokenFile();
    const options = machine({ tokenFile: path });
    const { ca, cert, key } = (await open(options)).tls();
    const certificate = new X509Certificate(cert);
    assert.equal(certificate.subject, `O=system:nodes\nCN=system:node:${options.nodeName}`);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
    assert.equal(certificate.checkHost(options.nodeName), options.nodeName);
    assert.equal(certificate.checkIP(options.addresses[0] ?? ''), options.addresses[0]);
    assert.equal(certificate.ca, false);
    assert.ok(certificate.verify(bed.certificates.authority.certificate.publicKey));
    const days = (certificate.validToDate.getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 364 && days < 366, `${days} days`);
    assert.equal(ca, pemOf(bed.certificates.authority).certificate);
    assert.equal(statSync(options.folder).mode & 0o777, 0o700);
    for (const file of readdirSync(options.folder))
      assert.equal(statSync(join(options.folder, file)).mode & 0o777, 0o600);

    const hash = publicKeyHash(certificate.publicKey);
    assert.deepEqual((await nodeOf(options))?.metadata.annotations, { 'sampan.dev/node-key': hash });
    const secret = await bed.cluster.registry.get('Secret', bootstrapTokenKey(id));
    assert.equal(secret?.metadata.annotations?.['sampan.dev/spent-on'], `${options.nodeName} ${hash}`);
    const said = JSON.stringify([log.lines, bed.log.lines, bed.audit]);
    for (const hushed of [SECRET, key.split('\n')[1] ?? '', 'BEGIN'])
      assert.equal(said.includes(hushed), false, hushed);
  });

  it('lets the node speak to the API as itself', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    const credential = await open(options);
    const { code, body } = await ask(credential, `/api/v1/nodes/${options.nodeName}`);
    assert.equal(code, 200);
    assert.equal((body.metadata as { name: string }).name, options.nodeName);
    assert.equal((await ask(credential, '/api/v1/namespaces/kube-system/secrets')).code, 403);
  });

  it('is kept: a restart asks nobody, and needs no token any more', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    const first = (await open(options)).tls();
    const again = await open({ ...options, servers: ['https://127.0.0.1:1'], tokenFile: join(root, 'gone') });
    assert.deepEqual(again.tls(), first);
    assert.deepEqual(
      log.lines.map(({ level, message }) => `${level} ${message}`),
      ['info joined'],
    );
  });

  it('stands by its name: a machine that is called another is told so', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    await assert.rejects(
      open({ ...options, nodeName: 'renamed' }),
      /agent\.pem cannot be used: it is that of system:node:n/,
    );
  });

  it('is not asked for without a word of whom to trust', async () => {
    const { path } = await tokenFile({}, '');
    await assert.rejects(open(machine({ tokenFile: path })), /does not say which authority to trust/);
    await assert.rejects(open(machine()), /has no credential in .* yet; it joins as node "n\d+" with a --token-file/);
    const wrong = join(root, 'wrong.token');
    writeFileSync(wrong, 'hello');
    await assert.rejects(open(machine({ tokenFile: wrong })), /holds no join token/);
    const caFile = join(root, 'ca.pem');
    writeFileSync(caFile, pemOf(bed.certificates.authority).certificate);
    const options = machine({ tokenFile: path, caFile });
    assert.equal((await open(options)).tls().ca, pemOf(bed.certificates.authority).certificate);
    const other = await tokenFile({}, `@sha256:${'0'.repeat(64)}`);
    await assert.rejects(open(machine({ tokenFile: other.path, caFile })), /is not the authority that the token in/);
  });

  it('is not asked of a server under another authority: no token goes there, and the agent tries on', async () => {
    const { path } = await tokenFile({}, `@sha256:${'0'.repeat(64)}`);
    bed.audit.length = 0;
    const stop = new AbortController();
    const opening = open(machine({ tokenFile: path }), { signal: stop.signal });
    await until(() => log.lines.length > 0);
    stop.abort();
    await assert.rejects(opening, { name: 'AbortError' });
    assert.match(
      String(log.lines[0]?.fields.error),
      /is not trusted: it does not stand under the authority sha256:0+; nothing/,
    );
    assert.deepEqual(bed.audit, []);

    // One who shows the right authority has not its key for that.
    const forged = await impostor(bed);
    const { path: good } = await tokenFile();
    const trying = open(machine({ tokenFile: good, servers: [forged.url] }), { signal: AbortSignal.timeout(300) });
    await assert.rejects(trying);
    assert.match(String(log.lines[1]?.fields.error), /is not trusted: .*; nothing was sent to it/);
    assert.equal(forged.requests(), 0);
    await forged.close();
  });

  it('is not asked of a node that answers for an API server', async () => {
    const subject = { commonName: 'system:node:evil', organizations: ['system:nodes'], usage: 'both' } as const;
    const names = ['127.0.0.1'];
    const { authority: signer } = bed.certificates;
    const evil = await issueCertificate({ ...subject, names }, validityFrom(Date.now()), signer);
    const forged = await impostor(bed, evil);
    const { path } = await tokenFile();
    await assert.rejects(
      open(machine({ tokenFile: path, servers: [forged.url] }), { signal: AbortSignal.timeout(300) }),
    );
    assert.match(String(log.lines[0]?.fields.error), /a node answers there/);
    assert.equal(forged.requests(), 0);
    await forged.close();
  });

  it('is refused for a token that is unknown, expired or revoked', async () => {
    const expired = await tokenFile({ expires: Date.now() - 1_000 });
    const revoked = await tokenFile();
    await bed.cluster.registry.delete('Secret', bootstrapTokenKey(revoked.id));
    const unknown = join(root, 'unknown.token');
    writeFileSync(unknown, `${revoked.id.replace('tok', 'not')}.${SECRET}@${authority}`);
    const guessed = await tokenFile({ secret: 'fedcba9876543210' });
    for (const path of [expired.path, revoked.path, unknown, guessed.path]) {
      const options = machine({ tokenFile: path });
      await assert.rejects(open(options), {
        code: 'JoinRefused',
        message: /is not known there, has expired or was revoked/,
      });
      assert.equal(await nodeOf(options), undefined);
    }
  });

  it('is bought once by a token, and again only by the same machine, whose answer was lost', async () => {
    const { id, path } = await tokenFile();
    const options = machine({ tokenFile: path });
    const first = (await open(options)).tls();
    rmSync(join(options.folder, 'agent.pem'));
    const again = (await open(options)).tls();
    assert.equal(again.key, first.key);
    assert.notEqual(again.cert, first.cert);
    const other = machine({ tokenFile: path });
    const spent = new RegExp(`join token ${id} has been used for node "${options.nodeName}"`);
    await assert.rejects(open(other), { code: 'JoinRefused', message: spent });
    assert.equal(await nodeOf(other), undefined);
    // The same key by another name is another node.
    rmSync(join(options.folder, 'agent.pem'));
    await assert.rejects(open({ ...options, nodeName: 'second-name' }), { code: 'JoinRefused', message: spent });
  });

  it('is bought by one of two machines that come with a token at once', async () => {
    const { path } = await tokenFile();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => open(machine({ tokenFile: path }))));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'JoinRefused');
  });

  it('is bought by any number with a reusable token', async () => {
    const { path } = await tokenFile({ reusable: true });
    await Promise.all([1, 2, 3].map(() => open(machine({ tokenFile: path }))));
  });

  it("does not take a living node's name, nor a master's, whatever the token; the token is good for another name", async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    const thief = { ...machine({ tokenFile: (await tokenFile()).path }), nodeName: options.nodeName };
    const taken = {
      code: 'JoinRefused',
      message: /another machine is node "n\d+"; if it is gone for good, delete the node first/,
    };
    await assert.rejects(open(thief), taken);
    await bed.cluster.registry.create('Node', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'm1' },
      spec: {},
      status: {},
    });
    await assert.rejects(open({ ...thief, nodeName: 'm1' }), {
      code: 'JoinRefused',
      message: /another machine is node "m1"/,
    });
    await open({ ...thief, nodeName: 'honest' });
  });

  it('leaves its name to the next machine when the Node is deleted, and is worth nothing then', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    const old = await open(options);
    await bed.cluster.registry.delete('Node', { namespace: '', name: options.nodeName });
    const next = await open({ ...machine({ tokenFile: (await tokenFile()).path }), nodeName: options.nodeName });
    const path = `/api/v1/nodes/${options.nodeName}`;
    assert.equal((await ask(next, path)).code, 200);
    const { code, body } = await ask(old, path);
    assert.equal(code, 403);
    assert.match(String(body.message), /another machine has joined as node n\d+ since/);
    // Nor does it renew.
    const renewal = NodeCredential.open(
      options,
      { clock: new FakeClock(Date.now() + 300 * DAY_MS), log },
      AbortSignal.timeout(5_000),
    );
    await keepingUntil(await renewal, () => log.lines.some(({ level }) => level === 'error'));
    assert.match(String(log.lines.at(-1)?.fields.error), /another machine has joined/);
  });

  it('stays with a running node whose Node was deleted by mistake', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    const credential = await open(options);
    await bed.cluster.registry.delete('Node', { namespace: '', name: options.nodeName });
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: options.nodeName } };
    assert.equal((await ask(credential, '/api/v1/nodes', 'POST', body)).code, 201);
    const thief = { ...machine({ tokenFile: (await tokenFile()).path }), nodeName: options.nodeName };
    await assert.rejects(open(thief), { code: 'JoinRefused', message: /another machine is node/ });
  });

  it("does not speak for others' addresses", async () => {
    const { path } = await tokenFile();
    const status = { addresses: [{ type: 'InternalIP', address: '198.51.100.7' }] } as const;
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'm2' }, spec: {} } as const;
    await bed.cluster.registry.create('Node', { ...node, status: { addresses: [...status.addresses] } });
    await bed.cluster.registry.create('Endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default' },
      subsets: [{ addresses: [{ ip: '198.51.100.8' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
    });
    for (const [address, message] of [
      ['127.0.0.9', /127\.0\.0\.9 is no address by which a machine is reached/],
      ['::ffff:127.0.0.1', /is no address by which a machine is reached/],
      ['10.96.0.1', /10\.96\.0\.1 is the API server's/],
      ['198.51.100.7', /198\.51\.100\.7 is node "m2"'s/],
      ['198.51.100.8', /198\.51\.100\.8 is an API server's/],
      ['kubernetes', /"kubernetes" is not the node's name/],
    ] as const) {
      await assert.rejects(open(machine({ tokenFile: path, addresses: [address] })), { code: 'JoinRefused', message });
    }
    for (const nodeName of ['kubernetes', 'localhost', 'box']) {
      const named = { ...machine({ tokenFile: path, addresses: [] }), nodeName };
      await assert.rejects(open(named), { code: 'JoinRefused', message: /is the API server's/ });
    }
    await assert.rejects(open({ ...machine({ tokenFile: path }), nodeName: 'Up Per' }), /cannot be a node's name/);
    // None of that was worth the token.
    await open(machine({ tokenFile: path }));
  });

  it('is no way to be somebody else', async () => {
    const { id } = await tokenFile();
    const credential = await open(machine({ tokenFile: (await tokenFile()).path }));
    const { ca, ...own } = credential.tls();
    const { key } = bed.certificates.admin;
    const signal = AbortSignal.timeout(5_000);
    const asked =
      (commonName: string, organizations: readonly string[], as: { token: string } | typeof own) => async () => {
        const request = await makeCertificateRequest({ commonName, organizations, names: ['x1'] }, key);
        return askCertificate(url(), { node: 'x1', request, ca, as }, signal);
      };
    const token = { token: `${id}.${SECRET}` };
    const expected = /expected a request for CN=system:node:x1 of O=system:nodes/;
    await assert.rejects(asked('sampan:admin', ['system:masters'], token), expected);
    await assert.rejects(asked('system:node:x1', ['system:nodes', 'system:masters'], token), expected);
    await assert.rejects(asked('system:node:x2', ['system:nodes'], token), expected);
    await assert.rejects(asked('system:node:x1', ['system:nodes'], own), /cannot create resource "nodes\/certificate"/);
    await assert.rejects(asked('system:node:x1', ['system:nodes'], { token: 'view-token' }), /cannot create resource/);
    const admin = asked('system:node:x1', ['system:nodes'], { token: 'admin-token' });
    await assert.rejects(admin, /only who comes with a join token, or as the node itself/);
    const foreign = askCertificate(url(), { node: 'x1', request: 'hello', ca, as: token }, signal);
    await assert.rejects(foreign, /is no request for a certificate/);
    const request = await makeCertificateRequest(
      { commonName: 'system:node:x1', organizations: ['system:nodes'], names: ['x1'] },
      key,
    );
    const broken = Buffer.from(request.replace(/-----.*-----|\s/g, ''), 'base64');
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${broken.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const unsigned = askCertificate(url(), { node: 'x1', request: forged, ca, as: token }, signal);
    await assert.rejects(
      unsigned,
      /spec\.request is no request for a certificate: its signature is not that of the key/,
    );
  });

  it('is renewed with the same key at two thirds of its life, with nothing but itself', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    // Of the machine's own clock, which TLS knows nothing of.
    const clock = new FakeClock(Date.now());
    const credential = await open({ ...options, tokenFile: join(root, 'gone') }, { clock });
    const first = credential.tls();
    const stop = new AbortController();
    let renewals = 0;
    const running = credential.keepRenewed(() => renewals++, stop.signal);
    await clock.advance(243 * DAY_MS);
    assert.equal(renewals, 0);
    await clock.advance(DAY_MS);
    await until(() => renewals > 0);
    const renewed = credential.tls();
    assert.equal(renewed.key, first.key);
    assert.notEqual(renewed.cert, first.cert);
    assert.equal(credential.tls(), renewed);
    assert.deepEqual((await open({ ...options, servers: [] }, { clock })).tls(), renewed);
    stop.abort();
    await running;
  });

  it('is renewed at once when the node has another address', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    const moved = await open({ ...options, addresses: ['203.0.113.5'] });
    await keepingUntil(moved, () => new X509Certificate(moved.tls().cert).checkIP('203.0.113.5') !== undefined);
  });

  it('is renewed later when no master answers now', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    const port = await freePort();
    const clock = new FakeClock(Date.now() + 250 * DAY_MS);
    const credential = await open({ ...options, servers: [url(port)] }, { clock });
    const stop = new AbortController();
    let renewals = 0;
    const running = credential.keepRenewed(() => renewals++, stop.signal);
    await until(() => log.lines.some(({ message }) => message.startsWith('node certificate cannot be renewed')));
    const { serving, authority: signer } = bed.certificates;
    const identity = { ...pemOf(serving), authority: pemOf(signer).certificate };
    await bed.server.listenOnTls({ host: '127.0.0.1', port, ...identity });
    await clock.advance(HOUR_MS);
    await until(() => renewals > 0);
    stop.abort();
    await running;
  });

  it('is got from whichever master answers, as soon as one does', async () => {
    const [dead, late] = [await freePort(), await freePort()];
    const options = machine({ tokenFile: (await tokenFile()).path, servers: [url(dead), url()] });
    await open(options);
    assert.match(String(log.lines[0]?.fields.error), /ECONNREFUSED/);

    const waiting = open(machine({ tokenFile: (await tokenFile()).path, servers: [url(dead), url(late)] }));
    await until(() => log.lines.length >= 4);
    const { serving, authority: signer } = bed.certificates;
    const identity = { ...pemOf(serving), authority: pemOf(signer).certificate };
    await bed.server.listenOnTls({ host: '127.0.0.1', port: late, ...identity });
    await waiting;
    // Each master's trouble is told once.
    assert.equal(log.lines.filter(({ fields }) => fields.server === url(late)).length, 1);
  });

  it('says which file is damaged, and leaves it alone', async () => {
    const options = machine({ tokenFile: (await tokenFile()).path });
    await open(options);
    for (const file of ['agent.pem', 'agent-key.pem']) {
      const path = join(options.folder, file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.slice(0, text.length / 2));
      await assert.rejects(open(options), {
        code: 'CertificateUnusable',
        message: new RegExp(`${file} cannot be used`),
      });
      assert.equal(readFileSync(path, 'utf8'), text.slice(0, text.length / 2));
      writeFileSync(path, text);
    }
    rmSync(join(options.folder, 'agent-key.pem'));
    await assert.rejects(open(options), /the key in agent-key\.pem is not that of the certificate/);
  });
});

/** Shows the cluster's authority, and a certificate that this one did not sign, unless it has one. */
async function impostor(bed: TlsBed, own?: Parameters<typeof pemOf>[0]) {
  const foreign = await issueAuthority('sampan-ca', validityFrom(Date.now()));
  const subject = { commonName: 'kube-apiserver', usage: 'server', names: ['127.0.0.1'] } as const;
  const { certificate, key } = pemOf(own ?? (await issueCertificate(subject, validityFrom(Date.now()), foreign)));
  let requests = 0;
  const server = createServer(
    { cert: certificate + pemOf(bed.certificates.authority).certificate, key },
    (_request, response) => {
      requests++;
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function keepingUntil(credential: NodeCredential, condition: () => boolean): Promise<void> {
  const stop = new AbortController();
  const running = credential.keepRenewed(() => {}, stop.signal);
  await until(condition);
  stop.abort();
  await running;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Requests take real time, which the clock knows nothing of. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
