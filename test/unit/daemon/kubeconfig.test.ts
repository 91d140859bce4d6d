import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { load } from 'js-yaml';
import { Certificates } from '../../../daemon/adapters/certificates/certificates.ts';
import { writeSecretFile } from '../../../daemon/adapters/certificates/secret-file.ts';
import { kubeconfig } from '../../../daemon/cli/kubeconfig.ts';
import { kubeconfigOf } from '../../../daemon/kubeconfig.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

interface Kubeconfig {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }];
}

describe('sampan kubeconfig', () => {
  const clock = new FakeClock();
  let dataDir: string;
  let written: string;
  let certificates: Certificates;

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'sampan-kubeconfig-'));
    const place = { folder: join(dataDir, 'pki'), names: ['localhost'], nodeName: 'box' };
    certificates = await Certificates.open(place, { clock, log: new CollectedLog() });
    const { authority, admin } = certificates;
    written = kubeconfigOf({ server: 'https://127.0.0.1:6443', authority, client: admin, user: 'admin' });
    writeSecretFile(join(dataDir, 'kubeconfig'), written);
  });
  after(() => rmSync(dataDir, { recursive: true }));

  const print = async (asked: { server?: string; user?: string; groups?: readonly string[] } = {}, dir = dataDir) => {
    let text = '';
    const out = new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
    assert.equal(await kubeconfig({ dataDir: dir, groups: [], ...asked }, out, clock.now()), 0);
    return text;
  };
  const parse = (text: string) => {
    const { clusters, users } = load(text) as Kubeconfig;
    const decode = (data: string) => Buffer.from(data, 'base64').toString();
    return {
      server: clusters[0].cluster.server,
      authority: new X509Certificate(decode(clusters[0].cluster['certificate-authority-data'])),
      client: new X509Certificate(decode(users[0].user['client-certificate-data'])),
    };
  };

  it("prints the administrator's as the daemon wrote it", async () => assert.equal(await print(), written));

  it('prints it for another machine', async () => {
    const { server, authority, client } = parse(await print({ server: 'https://box.example.com:6443' }));
    assert.equal(server, 'https://box.example.com:6443');
    assert.equal(authority.fingerprint256, certificates.authority.certificate.fingerprint256);
    assert.equal(client.fingerprint256, certificates.admin.certificate.fingerprint256);
  });

  it('makes a certificate for somebody else, whatever his name', async () => {
    const { server, client } = parse(await print({ user: '#v, e=ra', groups: ['view', 'a+b'] }));
    assert.equal(server, 'https://127.0.0.1:6443');
    const { CN, O } = client.toLegacyObject().subject;
    assert.deepEqual([CN, O], ['#v, e=ra', ['view', 'a+b']]);
    assert.ok(client.verify(certificates.authority.certificate.publicKey));
    assert.equal(client.ca, false);
  });

  it('says what to do where no daemon has written one', async () => {
    await assert.rejects(print({}, '/nonexistent'), /there is no \/nonexistent\/kubeconfig: start the daemon/);
  });
});
