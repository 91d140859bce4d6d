import assert from 'node:assert/strict';
import { request } from 'node:http';
import { terminalSizes } from '../../../daemon/node-server/remote-command/terminal-sizes.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { type ChannelClient, connectChannels } from '../../fakes/channel-client.ts';
import { type ClientStream, type SpdyClient, upgradeToSpdy } from '../../fakes/spdy-client.ts';
import { createStreamBed, POD, type StreamBed } from './stream-bed.ts';

const SUCCESS = { metadata: {}, status: 'Success' };
const EXIT_3 = {
  metadata: {},
  status: 'Failure',
  message: 'command terminated with non-zero exit code: exit status 3',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '3' }] },
};

describe('exec and attach', () => {
  let bed: StreamBed;
  beforeEach(async () => {
    bed = await createStreamBed();
  });
  afterEach(() => bed.close());

  const query = (command: string, streams = 'stdin stdout stderr') =>
    `?${new URLSearchParams([['command', command], ...streams.split(' ').map((name) => [name, 'true'])]).toString()}`;
  /** Sizes and stdin go their ways apart. */
  const sized = () =>
    eventually(() => bed.runtime.processesOf(bed.appId)[0]?.sizes.length === 1, { describe: 'the size to arrive' });
  const running = () => bed.runtime.processesOf(bed.appId).length;

  describe('over a WebSocket', () => {
    const exec = (command: string, protocols: string[], streams?: string): Promise<ChannelClient> =>
      connectChannels({ url: bed.url(`${POD}/exec${query(command, streams)}`), protocols });

    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
      it(`tells outputs apart and ends with a Status (${protocol})`, async () => {
        const client = await exec('fail', [protocol], 'stdout stderr');
        assert.equal(client.protocol, protocol);
        assert.equal(await client.closed, 1000);
        assert.equal(client.text(1), 'out');
        assert.equal(client.text(2), 'err');
        assert.deepEqual(JSON.parse(client.text(3)), EXIT_3);
      });
    }

    for (const protocol of ['channel.k8s.io', 'base64.channel.k8s.io', '']) {
      it(`says only what went wrong in the oldest protocol (${protocol || 'none offered'})`, async () => {
        const client = await exec('fail', protocol === '' ? [] : [protocol], 'stdout stderr');
        assert.equal(await client.closed, 1000);
        assert.equal(client.text(1), 'out');
        assert.equal(client.text(3), EXIT_3.message);
        const well = await exec('copy', protocol === '' ? [] : [protocol], 'stdout');
        await well.closed;
        assert.equal(well.text(3), '');
      });
    }

    it('takes the first offer that it knows', async () => {
      const offers = ['v9.channel.k8s.io', 'v4.channel.k8s.io', 'v5.channel.k8s.io'];
      const client = await exec('fail', offers, 'stdout');
      assert.equal(client.protocol, 'v4.channel.k8s.io');
      await client.closed;
    });

    it('passes stdin on to its end, which the newest protocol can tell', async () => {
      const client = await exec('copy', ['v5.channel.k8s.io']);
      await client.send(0, 'one ');
      await client.send(0, 'two');
      await client.send(255, Buffer.of(0));
      assert.equal(await client.closed, 1000);
      assert.equal(client.text(1), 'one two');
      assert.deepEqual(JSON.parse(client.text(3)), SUCCESS);
    });

    it('does not take stdin for closed in an older one', async () => {
      const client = await exec('copy', ['v4.channel.k8s.io']);
      await client.send(255, Buffer.of(0));
      await client.send(0, 'still open');
      await eventually(() => client.text(1) === 'still open', { describe: 'the echo' });
      client.close();
      await eventually(() => running() === 0, { describe: 'the process to end' });
    });

    it('resizes the terminal', async () => {
      const client = await exec('size', ['v5.channel.k8s.io'], 'stdin stdout tty');
      await client.send(4, '{"Width":0,"Height":0}\n');
      await client.send(4, '{"Width":123,"Height":45}\n');
      await sized();
      await client.send(0, '\n');
      await client.closed;
      assert.equal(client.text(1), '45 123');
    });

    it('ends the process of a client that is gone', async () => {
      const killed = await exec('stay', ['v5.channel.k8s.io']);
      const closed = await exec('stay', ['v5.channel.k8s.io']);
      await eventually(() => running() === 2, { describe: 'both to run' });
      killed.destroy();
      closed.close();
      await eventually(() => running() === 0, { describe: 'both to end' });
    });

    it('refuses offers that it does not know, and handshakes that are none', async () => {
      await assert.rejects(exec('fail', ['v3.channel.k8s.io']), /400: .*the client offers \[v3\.channel\.k8s\.io\]/);
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
      assert.match(await ask(`${POD}/exec${query('fail')}`, headers), /^400 .*Sec-WebSocket-Key/);
    });
  });

  describe('over SPDY', () => {
    const exec = async (command: string, protocols: string[], streams = 'stdin stdout stderr') => {
      const at = { socketPath: bed.socketPath };
      const { client, protocol } = await upgradeToSpdy({
        path: `${POD}/exec${query(command, streams)}`,
        protocols,
        at,
      });
      return { client, protocol };
    };
    const open = async (client: SpdyClient, types: string): Promise<Record<string, ClientStream>> =>
      Object.fromEntries(
        await Promise.all(types.split(' ').map(async (type) => [type, await client.open({ streamtype: type })])),
      );

    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
      it(`tells outputs apart and ends with a Status (${protocol})`, async () => {
        const { client, protocol: chosen } = await exec('fail', [protocol, 'v3.channel.k8s.io'], 'stdout stderr');
        assert.equal(chosen, protocol);
        const { error, stdout, stderr } = await open(client, 'error stdout stderr');
        for (const stream of [error, stdout, stderr]) await stream?.ended;
        assert.deepEqual([stdout?.text(), stderr?.text()], ['out', 'err']);
        assert.deepEqual(JSON.parse(error?.text() ?? ''), EXIT_3);
        client.destroy();
      });
    }

    for (const protocol of ['v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']) {
      it(`says only what went wrong in an older protocol (${protocol})`, async () => {
        const { client } = await exec('fail', [protocol], 'stdout');
        const { error, stdout } = await open(client, 'error stdout');
        await error?.ended;
        assert.deepEqual([stdout?.text(), error?.text()], ['out', EXIT_3.message]);
        client.destroy();
      });
    }

    it('passes stdin on to its end', async () => {
      const { client } = await exec('copy', ['v4.channel.k8s.io']);
      const { error, stdin, stdout } = await open(client, 'error stdin stdout stderr');
      await stdin?.send('one ');
      await stdin?.send('two');
      stdin?.end();
      await error?.ended;
      assert.equal(stdout?.text(), 'one two');
      assert.deepEqual(JSON.parse(error?.text() ?? ''), SUCCESS);
      client.destroy();
    });

    it('resizes the terminal', async () => {
      const { client } = await exec('size', ['v4.channel.k8s.io'], 'stdin stdout tty');
      const { stdin, stdout, resize, error } = await open(client, 'error stdin stdout resize');
      await resize?.send('{"Width":123,"Hei');
      await resize?.send('ght":45}\n');
      await sized();
      await stdin?.send('\n');
      await error?.ended;
      assert.equal(stdout?.text(), '45 123');
      client.destroy();
    });

    it('ends the process of a client that is gone', async () => {
      const { client } = await exec('stay', ['v4.channel.k8s.io']);
      await open(client, 'error stdin stdout stderr');
      await eventually(() => running() === 1, { describe: 'it to run' });
      client.destroy();
      await eventually(() => running() === 0, { describe: 'it to end' });
    });

    it('finds a client out that vanished while nothing of it is read', async () => {
      const { client } = await exec('stay', ['v4.channel.k8s.io']);
      await open(client, 'error stdin stdout stderr');
      await eventually(() => client.frames.length === 0 && running() === 1, { describe: 'it to run' });
      await bed.cluster.clock.advance(15_000);
      await eventually(() => client.frames.some(({ type }) => type === 'ping'), { describe: 'the sign of life' });
      client.destroy();
      await eventually(() => running() === 0, { describe: 'it to end' });
    });

    it('gives up on a client that does not open its streams', async () => {
      const { client } = await exec('fail', ['v4.channel.k8s.io']);
      const { error } = await open(client, 'error');
      await bed.cluster.clock.advance(30_000);
      await assert.rejects(error?.ended as Promise<void>);
      assert.equal(running(), 0);
    });

    it('refuses offers that it does not know', async () => {
      await assert.rejects(exec('fail', ['v9.channel.k8s.io']), /400: .*the client offers \[v9\.channel\.k8s\.io\]/);
    });
  });

  it('attaches, and leaves the process running', async () => {
    const url = bed.url(`${POD}/attach?stdin=1&stdout=1`);
    const client = await connectChannels({ url, protocols: ['v5.channel.k8s.io'] });
    await client.send(0, 'hello');
    await eventually(() => client.text(1) === 'hello', { describe: 'the echo' });
    client.close();
    await client.closed;
    assert.equal((await bed.runtime.inspect(bed.appId))?.state, 'running');
  });

  it('tells on the error stream that the engine is gone', async () => {
    const protocols = ['v5.channel.k8s.io'];
    const client = await connectChannels({ url: bed.url(`${POD}/exec${query('stay')}`), protocols });
    await eventually(() => running() === 1, { describe: 'it to run' });
    bed.runtime.goDown();
    await client.closed;
    const { reason, code } = JSON.parse(client.text(3));
    assert.deepEqual([reason, code], ['ServiceUnavailable', 503]);
  });

  it('says before it upgrades what cannot be', async () => {
    const refused = async (path: string, pattern: RegExp) => {
      await assert.rejects(connectChannels({ url: bed.url(path), protocols: ['v5.channel.k8s.io'] }), pattern);
      const at = { socketPath: bed.socketPath };
      await assert.rejects(upgradeToSpdy({ path, protocols: ['v4.channel.k8s.io'], at }), pattern);
    };
    await refused(`${POD}x/exec${query('fail')}`, /404: .*pods \\"webx\\" not found/);
    await refused(`${POD}/exec${query('fail')}&container=nope`, /400: .*container nope is not valid for pod web/);
    await refused(`${POD}/exec?command=fail`, /400: .*at least 1 of stdin, stdout, stderr/);
    await refused(`${POD}/exec?command=fail&stdout=false&stderr=0`, /400: .*at least 1 of stdin, stdout, stderr/);
    await refused(`${POD}/exec?stdout=1`, /400: .*at least one command/);
    await refused('/api/v1/namespaces/default/services/web/exec?command=a&stdout=1', /40[45]: /);
    await refused('/nothing/here', /404: /);
    await bed.runtime.stop(bed.appId, 0);
    await refused(`${POD}/exec${query('fail')}`, /400: .*container \\"app\\" in pod \\"web\\" is not running/);
  });

  it('asks a plain request to upgrade, and takes no notice of an upgrade to anything else', async () => {
    assert.match(await ask(`${POD}/exec${query('fail')}`, {}), /^400 .*Upgrade request required/);
    assert.match(await ask(POD, { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' }), /^200 .*"name":"web"/);
  });

  it('says who does it, and not what', async () => {
    const client = await connectChannels({
      url: bed.url(`${POD}/exec${query('fail')}`),
      protocols: ['v5.channel.k8s.io'],
    });
    await client.closed;
    assert.deepEqual(
      bed.log.lines.map(({ level, message, fields }) => [level, message, fields]),
      [['info', 'exec', { user: 'sampan:socket-owner', pod: 'default/web', container: 'app', node: 'here' }]],
    );
  });

  /** `400 {"kind":"Status",...}` */
  function ask(path: string, headers: Record<string, string>): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: bed.socketPath, path, headers, agent: false }, async (response) => {
        resolve(`${response.statusCode} ${Buffer.concat(await response.toArray()).toString()}`);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
});

describe('terminal sizes', () => {
  const read = (...parts: string[]) =>
    Array.fromAsync(
      terminalSizes(
        (async function* () {
          for (const part of parts) yield Buffer.from(part);
        })(),
      ),
    );

  it('are read however they were cut', async () => {
    const sizes = [
      { width: 100, height: 30 },
      { width: 0, height: 0 },
    ];
    assert.deepEqual(await read('{"Width":100,"Height":30}\n{"Width":0,"Height":0}'), sizes);
    assert.deepEqual(await read(...Array.from('{"Width":100,"Height":30}\n{"Width":0,"Height":0}')), sizes);
  });

  it('end where something else comes', async () => {
    assert.deepEqual(await read('{"Width":1,"Height":2}', '{"Width":"wide"}', '{"Width":1,"Height":2}'), [
      { width: 1, height: 2 },
    ]);
    assert.deepEqual(await read('{"Width":-1,"Height":2}', '{"Width":1,"Height":2}'), []);
    assert.deepEqual(await read('x'.repeat(2000), '{"Width":1,"Height":2}'), []);
  });
});
