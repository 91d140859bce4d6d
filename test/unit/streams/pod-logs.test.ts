import assert from 'node:assert/strict';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { eventually } from '../../e2e/harness/eventually.ts';
import { createStreamBed, POD, type StreamBed } from './stream-bed.ts';

describe('pod logs', () => {
  let bed: StreamBed;
  beforeEach(async () => {
    bed = await createStreamBed();
    for (const text of ['one\n', 'two\n', 'three\n']) {
      bed.runtime.write(bed.appId, 'stdout', text);
      await bed.cluster.clock.advance(60_000);
    }
  });
  afterEach(() => bed.close());

  const ask = (query: string, pod = 'web') =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const path = `/api/v1/namespaces/default/pods/${pod}/log?${query}`;
      const outgoing = request({ socketPath: bed.socketPath, path, agent: false }, async (response) => {
        resolve({ status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  const text = async (query: string) => (await ask(query)).text;
  const refused = async (query: string) => {
    const { code, reason, message } = JSON.parse(await text(query));
    return [code, reason, message];
  };

  it('gives all, the last lines, or the first bytes', async () => {
    assert.equal(await text(''), 'one\ntwo\nthree\n');
    assert.equal(await text('tailLines=2'), 'two\nthree\n');
    assert.equal(await text('tailLines=0'), '');
    assert.equal(await text('limitBytes=4'), 'one\n');
    assert.equal(await text('limitBytes=6'), 'one\ntw');
    assert.equal(await text('limitBytes=1000'), 'one\ntwo\nthree\n');
    assert.equal(await text('tailLines=2&limitBytes=5'), 'two\nt');
  });

  it("gives what was written since a time, by the server's clock", async () => {
    assert.equal(await text('sinceSeconds=90'), 'three\n');
    assert.equal(await text('sinceSeconds=3600'), 'one\ntwo\nthree\n');
    const since = new Date(bed.cluster.clock.now() - 150_000).toISOString();
    assert.equal(await text(`sinceTime=${since}`), 'two\nthree\n');
  });

  it('stamps each line where it is asked to', async () => {
    assert.match(await text('timestamps=true&tailLines=1'), /^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/);
    assert.equal(await text('timestamps=false&tailLines=1'), 'three\n');
  });

  it("refuses in Kubernetes' words what it does not understand", async () => {
    assert.deepEqual(await refused('tailLines=-1'), [
      422,
      'Invalid',
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ]);
    assert.deepEqual(await refused('limitBytes=0'), [
      422,
      'Invalid',
      'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
    ]);
    assert.deepEqual(await refused('sinceSeconds=0&limitBytes=0'), [
      422,
      'Invalid',
      'PodLogOptions "web" is invalid: [limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    ]);
    assert.match(
      (await refused('sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z'))[2],
      /at most one of `sinceTime` or `sinceSeconds`/,
    );
    assert.deepEqual((await refused('tailLines=many')).slice(0, 2), [400, 'BadRequest']);
    assert.deepEqual((await refused('sinceTime=yesterday')).slice(0, 2), [400, 'BadRequest']);
    assert.equal((await refused('previous=true'))[2], 'previous terminated container "app" in pod "web" not found');
    assert.equal((await refused('container=nope'))[2], 'container nope is not valid for pod web');
  });

  it('is empty for a pod that no node has', async () => {
    const spec = { containers: [{ name: 'app', image: 'app' }] };
    const metadata = { name: 'waiting', namespace: 'default' };
    await bed.cluster.registry.create('Pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec } as never);
    assert.deepEqual(await ask('', 'waiting'), { status: 200, text: '' });
  });

  it('answers at once when it is to follow, whatever is written', async () => {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const path = `${POD}/log?follow=true&tailLines=0`;
      const outgoing = request({ socketPath: bed.socketPath, path, agent: false }, (response) => {
        resolve(response.statusCode);
        response.on('error', () => {});
        outgoing.destroy();
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
    assert.equal(answered, 200);
  });

  describe('over a WebSocket', () => {
    const open = async (query: string, protocols: string[]) => {
      const socket = new WebSocket(bed.url(`${POD}/log?${query}`), protocols);
      const received: { text: string; isBinary: boolean }[] = [];
      socket.on('message', (data, isBinary) => received.push({ text: (data as Buffer).toString(), isBinary }));
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return { socket, received, closed };
    };

    it('is binary, or base64 where that is asked for', async () => {
      for (const protocols of [['binary.k8s.io'], []]) {
        const { received, closed } = await open('tailLines=1', protocols);
        assert.equal(await closed, 1000);
        assert.deepEqual(received.at(-1), { text: 'three\n', isBinary: true });
      }
      const { received, closed } = await open('tailLines=1', ['base64.binary.k8s.io']);
      assert.equal(await closed, 1000);
      assert.deepEqual(received.at(-1), { text: btoa('three\n'), isBinary: false });
    });

    it('follows until the client goes', async () => {
      const { socket, received, closed } = await open('follow=true&tailLines=0', ['binary.k8s.io']);
      bed.runtime.write(bed.appId, 'stderr', 'later\n');
      await eventually(() => received.at(-1)?.text === 'later\n', { describe: 'the line' });
      socket.terminate();
      await closed;
    });

    it('says before it upgrades what cannot be', async () => {
      await assert.rejects(open('previous=true', ['binary.k8s.io']), /400/);
      await assert.rejects(open('', ['v4.channel.k8s.io']), /400/);
    });
  });
});
