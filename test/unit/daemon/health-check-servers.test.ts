/** What load balancers are told at the health check ports. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HealthCheckServers } from '../../../daemon/adapters/health-check-servers.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';

describe('health check ports', () => {
  const servers = new HealthCheckServers();
  afterEach(() => servers.serve([]));

  const check = (port: number, localEndpoints: number) => ({ port, namespace: 'default', name: 'web', localEndpoints });
  const ask = (port: number) => fetch(`http://127.0.0.1:${port}/`);

  it('answer 200 where the node has endpoints, 503 where not, with what kube-proxy says', async () => {
    const port = await freePort();
    await servers.serve([check(port, 2)]);
    const up = await ask(port);
    assert.equal(up.status, 200);
    assert.equal(up.headers.get('content-type'), 'application/json');
    assert.equal(up.headers.get('x-load-balancing-endpoint-weight'), '2');
    const service = { namespace: 'default', name: 'web' };
    assert.deepEqual(await up.json(), { service, localEndpoints: 2, serviceProxyHealthy: true });
    await servers.serve([check(port, 0)]);
    const down = await ask(port);
    assert.equal(down.status, 503);
    assert.deepEqual(await down.json(), { service, localEndpoints: 0, serviceProxyHealthy: true });
  });

  it('are closed when nobody wants them any more', async () => {
    const port = await freePort();
    await servers.serve([check(port, 1)]);
    await (await ask(port)).text();
    await servers.serve([]);
    await assert.rejects(ask(port));
    assert.deepEqual(servers.served, []);
  });

  it('are served but for the one that somebody else has, which is an error', async () => {
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '0.0.0.0', resolve));
    const { port: taken } = stranger.address() as AddressInfo;
    const port = await freePort();
    await assert.rejects(servers.serve([check(taken, 1), check(port, 1)]), (error: unknown) => {
      assert.ok(isSampanError(error, 'PacketFilterFailed'));
      assert.match(error.message, new RegExp(`health checks: port ${taken}: .*EADDRINUSE`));
      return true;
    });
    assert.deepEqual(servers.served, [check(port, 1)]);
    assert.equal((await ask(port)).status, 200);
    await new Promise((resolve) => stranger.close(resolve));
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
