import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemFileOf, pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { servingNames } from '../../../daemon/adapters/certificates/serving-names.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const DAY_MS = 86_400_000;
const NAMES = servingNames({
  hostname: 'Box',
  nodeIP: '192.0.2.7',
  bindAddress: '0.0.0.0',
  serviceIP: '10.96.0.1',
  extraNames: ['box.example.com'],
});

describe('Certificates', () => {
  let folder: string;
  let clock: FakeClock;
  const log = new CollectedLog();
  const open = (names: readonly string[] = NAMES) =>
    Certificates.open({ folder, names, nodeName: 'box' }, { clock, log });

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'sampan-pki-')), 'pki');
    clock = new FakeClock();
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  it('makes an authority, what it signs, and the key for tokens, for their owner only', async () => {
    const { authority, serving, kubeletClient, node, admin, serviceAccountKey } = await open();
    assert.equal(authority.certificate.ca, true);
    for (const { certificate, key } of [serving, kubeletClient, node, admin]) {
      assert.ok(certificate.verify(authority.certificate.publicKey));
      assert.ok(certificate.checkIssued(authority.certificate));
      assert.ok(certificate.checkPrivateKey(key));
      assert.equal(certificate.ca, false);
    }
    assert.equal(admin.certificate.subject, 'O=system:masters\nCN=sampan:admin');
    assert.equal(kubeletClient.certificate.subject, 'O=system:masters\nCN=kube-apiserver-kubelet-client');
    assert.equal(node.certificate.subject, 'O=system:nodes\nCN=system:node:box');
    assert.deepEqual(node.certificate.keyUsage, serving.certificate.keyUsage);
    assert.deepEqual(admin.certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.deepEqual(serving.certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(serviceAccountKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  });

  it('serves under every name that clients use', async () => {
    const { certificate } = (await open()).serving;
    for (const name of ['localhost', 'box', 'box.example.com', 'kubernetes.default.svc.cluster.local']) {
      assert.equal(certificate.checkHost(name), name);
    }
    for (const address of ['127.0.0.1', '::1', '192.0.2.7', '10.96.0.1']) {
      assert.equal(certificate.checkIP(address), address);
    }
    assert.equal(certificate.checkIP('0.0.0.0'), undefined);
  });

  it('keeps them across restarts', async () => {
    const first = await open();
    const again = await open();
    for (const which of ['authority', 'serving', 'admin'] as const)
      assert.deepEqual(pemOf(again[which]), pemOf(first[which]));
    assert.ok(again.serviceAccountKey.equals(first.serviceAccountKey));
  });

  it('makes a new serving certificate, and only that, when a name is added', async () => {
    const first = await open();
    const again = await open([...NAMES, 'api.example.com']);
    assert.equal(again.serving.certificate.checkHost('api.example.com'), 'api.example.com');
    assert.notEqual(again.serving.certificate.fingerprint256, first.serving.certificate.fingerprint256);
    assert.equal(again.admin.certificate.fingerprint256, first.admin.certificate.fingerprint256);
  });

  it('renews what nears its end while it runs, and says so', async () => {
    const certificates = await open();
    const first = certificates.serving.certificate;
    const stop = new AbortController();
    let renewals = 0;
    const running = certificates.keepRenewed(() => renewals++, stop.signal);
    await clock.advance(274 * DAY_MS);
    assert.equal(renewals, 0);
    await clock.advance(2 * DAY_MS);
    await until(() => renewals > 0, clock);
    assert.equal(renewals, 1);
    const { certificate } = certificates.serving;
    assert.notEqual(certificate.fingerprint256, first.fingerprint256);
    assert.ok(Date.parse(certificate.validTo) > Date.parse(first.validTo));
    assert.deepEqual(pemOf((await open()).serving), pemOf(certificates.serving));
    stop.abort();
    await running;
  }).timeout(30_000);

  it('renews the authority with its old key, so that what it signed stays valid', async () => {
    const first = await open();
    clock.jump(9 * 365 * DAY_MS);
    const again = await open();
    assert.notEqual(again.authority.certificate.fingerprint256, first.authority.certificate.fingerprint256);
    assert.ok(first.admin.certificate.verify(again.authority.certificate.publicKey));
    assert.ok(again.serving.certificate.verify(first.authority.certificate.publicKey));
  });

  it('signs everything anew for an authority that was moved away', async () => {
    const first = await open();
    rmSync(join(folder, 'ca.pem'));
    const again = await open();
    assert.ok(again.serving.certificate.verify(again.authority.certificate.publicKey));
    assert.ok(!again.serving.certificate.verify(first.authority.certificate.publicKey));
    assert.ok(again.admin.certificate.verify(again.authority.certificate.publicKey));
  });

  it('says which file is damaged, and leaves it alone', async () => {
    const whole = await open();
    for (const file of ['ca.pem', 'apiserver.pem', 'admin.pem', 'service-account.pem']) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const damaged = text.slice(0, text.length / 2);
      writeFileSync(path, damaged);
      await assert.rejects(open(), new RegExp(`${file} cannot be used: .*move it away`));
      assert.equal(readFileSync(path, 'utf8'), damaged);
      writeFileSync(path, text);
    }
    const stranger = pemFileOf({ certificate: whole.authority.certificate, key: whole.admin.key });
    writeFileSync(join(folder, 'ca.pem'), stranger);
    await assert.rejects(open(), /ca\.pem cannot be used: the key is not that of the certificate/);
  });
});

describe('servingNames', () => {
  it('takes a wildcard for no name, and says each once', () => {
    assert.equal(NAMES.includes('0.0.0.0'), false);
    assert.equal(new Set(NAMES).size, NAMES.length);
    const bound = servingNames({
      hostname: 'a',
      nodeIP: '127.0.0.1',
      bindAddress: '192.0.2.9',
      serviceIP: '10.0.0.1',
      extraNames: [],
    });
    assert.ok(bound.includes('192.0.2.9'));
  });
});

/** Making a certificate takes real time, which the clock knows nothing of. */
async function until(condition: () => boolean, clock: FakeClock): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await clock.advance(0);
  }
}
