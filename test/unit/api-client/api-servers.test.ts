/** Whom the agent's client takes for an API server, over real TLS, with each of its connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { validityFrom } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';

describe('the API servers of an agent', () => {
  type Answer = (request: IncomingMessage, response: ServerResponse) => void;

  /** Somebody with a certificate of the cluster's authority, and a client of theirs. */
  async function serve<T>(
    organizations: readonly string[],
    answer: Answer,
    use: (servers: ApiServers) => Promise<T>,
  ): Promise<T> {
    const validity = validityFrom(Date.now());
    const authority = await issueAuthority('sampan', validity);
    const subject = { commonName: 'who', organizations, usage: 'both', names: ['127.0.0.1'] } as const;
    const [theirs, ours] = await Promise.all([
      issueCertificate(subject, validity, authority),
      issueCertificate({ commonName: 'system:node:n1', usage: 'client' }, validity, authority),
    ]);
    const { certificate: cert, key } = pemOf(theirs);
    const server = createServer({ cert, key }, answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const identity = { ca: pemOf(authority).certificate, cert: pemOf(ours).certificate, key: pemOf(ours).key };
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const servers = new ApiServers([url], () => identity, { vitalMs: 300, othersMs: 300 });
    try {
      return await use(servers);
    } finally {
      servers.close();
      server.close();
      server.closeAllConnections();
    }
  }

  const ask = (organizations: readonly string[], isVital: boolean) =>
    serve(
      organizations,
      (_, response) => response.end('{}'),
      (servers) => servers.json({ path: '/', isVital }),
    );
  const slowly: Answer = ({ url }, response) => {
    if (url === '/slow') setTimeout(() => response.end('"at last"'), 900);
    else if (url !== '/never') response.end('{}');
  };

  for (const isVital of [true, false]) {
    const what = isVital ? 'what a node lives by' : 'anything else';
    it(`are none where a node answers, for ${what}`, async () => {
      assert.deepEqual(await ask([], isVital), {});
      await assert.rejects(ask(['system:nodes'], isVital), /a node answers there/);
    });
  }

  it('are waited for as long as they say anything', async () => {
    await serve([], slowly, async (servers) => {
      const talking = setInterval(() => void servers.json({ path: '/' }), 50);
      try {
        assert.equal(await servers.json({ path: '/slow' }), 'at last');
      } finally {
        clearInterval(talking);
      }
    });
  });

  it('are silent when they say nothing at all, and for what a node lives by when they do not answer that', async () => {
    await serve([], slowly, (servers) => assert.rejects(servers.json({ path: '/never' }), /is silent/));
    await serve([], slowly, async (servers) => {
      const talking = setInterval(() => void servers.json({ path: '/' }), 50);
      try {
        await assert.rejects(servers.json({ path: '/never', isVital: true }), /is silent/);
      } finally {
        clearInterval(talking);
      }
    });
  });
});
