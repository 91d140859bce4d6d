/** Whom the agent's client takes for an API server, over real TLS, with each of its connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { validityFrom } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';

describe('the API servers of an agent', () => {
  /** Somebody with a certificate of the cluster's authority, and what becomes of a request to it. */
  async function ask(organizations: readonly string[], isVital: boolean): Promise<unknown> {
    const validity = validityFrom(Date.now());
    const authority = await issueAuthority('sampan', validity);
    const subject = { commonName: 'who', organizations, usage: 'both', names: ['127.0.0.1'] } as const;
    const [theirs, ours] = await Promise.all([
      issueCertificate(subject, validity, authority),
      issueCertificate({ commonName: 'system:node:n1', usage: 'client' }, validity, authority),
    ]);
    const { certificate: cert, key } = pemOf(theirs);
    const server = createServer({ cert, key }, (_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const identity = { ca: pemOf(authority).certificate, cert: pemOf(ours).certificate, key: pemOf(ours).key };
    const servers = new ApiServers([`https://127.0.0.1:${(server.address() as AddressInfo).port}`], () => identity);
    try {
      return await servers.json({ path: '/', isVital });
    } finally {
      servers.close();
      server.close();
    }
  }

  for (const isVital of [true, false]) {
    const what = isVital ? 'what a node lives by' : 'anything else';
    it(`are none where a node answers, for ${what}`, async () => {
      assert.deepEqual(await ask([], isVital), {});
      await assert.rejects(ask(['system:nodes'], isVital), /a node answers there/);
    });
  }
});
