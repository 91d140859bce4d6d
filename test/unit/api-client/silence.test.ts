import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Silence } from '../../../daemon/adapters/api-client/silence.ts';

const MS = 30;

/** As a process that was stopped, or got no processor. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('silence of a server', () => {
  it('ends the wait once, and not before its time', async () => {
    const since = performance.now();
    await new Promise<void>((resolve) => void new Silence(MS, resolve));
    assert.ok(performance.now() - since >= MS - 1);
  });

  it('is none after it was stopped', async () => {
    let ended = false;
    new Silence(1, () => {
      ended = true;
    }).stop();
    await new Promise<void>((resolve) => void new Silence(MS, resolve));
    assert.equal(ended, false);
  });

  it('is none where this process stood still while the server spoke', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [[speaker]] = await Promise.all([accepted, once(client, 'connect')]);
    try {
      const outcome = new Promise<string>((resolve) => {
        const silence = new Silence(MS, () => resolve('blamed'));
        client.once('data', () => {
          silence.stop();
          resolve('heard');
        });
      });
      speaker.write('here');
      standStill(2 * MS);
      assert.equal(await outcome, 'heard');
    } finally {
      client.destroy();
      speaker.destroy();
      server.close();
    }
  });
});
