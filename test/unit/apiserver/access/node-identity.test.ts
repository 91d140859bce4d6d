import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { validityFrom } from '../../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../../daemon/adapters/certificates/certified-key.ts';
import { issueCertificate } from '../../../../daemon/adapters/certificates/issue.ts';
import { publicKeyHash } from '../../../../daemon/adapters/certificates/public-key-hash.ts';
import { systemClock } from '../../../../daemon/adapters/system-clock.ts';
import { NodeDialler } from '../../../../daemon/apiserver/nodes/node-dialler.ts';
import { createTlsBed, type TlsBed } from './tls-bed.ts';

describe("a node's own server", function () {
  this.timeout(20_000);
  let bed: TlsBed;
  before(async () => {
    bed = await createTlsBed();
  });
  after(() => bed.close());

  it('is spoken to as long as it has the key that the node joined with', async () => {
    const { authority, kubeletClient } = bed.certificates;
    const subject = { commonName: 'system:node:box', organizations: ['system:nodes'], usage: 'both' } as const;
    const own = await issueCertificate(subject, validityFrom(Date.now()), authority);
    const { certificate: cert, key } = pemOf(own);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    const client = pemOf(kubeletClient);
    const dial = (annotations: object) =>
      new NodeDialler({
        client: { get: async () => ({ metadata: { name: 'box', annotations }, status }) as never },
        clock: systemClock,
        identity: { ...client, authority: pemOf(authority).certificate },
      }).dial('box', AbortSignal.timeout(5_000));
    try {
      const joined = { 'sampan.dev/node-key': publicKeyHash(own.certificate.publicKey) };
      for (const annotations of [{}, joined]) (await dial(annotations)).socket.destroy();
      await assert.rejects(
        dial({ 'sampan.dev/node-key': 'sha256:other' }),
        /another machine has joined by its name since/,
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
