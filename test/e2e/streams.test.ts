/**
 * exec, attach, port-forward, proxy and logs on a real engine: first as raw clients speak them, over each protocol, then as kubectl
 * does. The API is the daemon's own, over its unix socket and over TLS.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelClient, connectChannels } from '../fakes/channel-client.ts';
import { type ClientStream, type SpdyClient, upgradeToSpdy } from '../fakes/spdy-client.ts';
import { findKubectl } from '../kubectl/harness/kubectl.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { kubeContainers } from './harness/kube-containers.ts';
import type { RunOptions } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { socketClient } from './harness/socket-request.ts';
import { useTestBed } from './harness/test-bed.ts';

const POD = '/api/v1/namespaces/default/pods/tools';
const untilStopped = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
/** What lies in the pod's web servers: 20 files, a number and 300,000 zeros each. */
const FILES =
  'mkdir /www; for n in $(seq 20); do { echo $n; head -c 300000 /dev/zero; } > /www/$n; done; echo hello > /www/page';
/** 8080 and 7, which sends back what it gets, are open on all addresses, 9090 on the loopback interface only. */
const SERVERS = 'httpd -p 8080 -h /www; httpd -p 127.0.0.1:9090 -h /www; nc -ll -p 7 -e cat &';

const shell = (script: string) => ({ image: 'sampan/busybox:1', command: ['sh', '-c', script] });
const TOOLS = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tools' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: 'app', ...shell(`${FILES}; ${SERVERS} echo started; ${untilStopped}`), ports: [{ containerPort: 8080 }] },
      { name: 'copy', image: 'sampan/busybox:1', command: ['cat'], stdin: true },
    ],
  },
};

describe('streams', function () {
  this.timeout(120_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let socketPath: string;
  let appId: string;

  before('the daemon with a pod of tools', async () => {
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    socketPath = join(sampan.dataDir, 'sampan.sock');
    await sampan.api.create('/api/v1/namespaces/default/pods', TOOLS);
    await eventually(async () => (await sampan.api.get(POD)).status.phase === 'Running', {
      describe: 'the pod to run',
      timeoutMs: 30_000,
    });
    const containers = await kubeContainers(dockerd);
    appId = containers.find(({ container }) => container === 'app')?.id ?? '';
  });

  const execPath = (command: readonly string[], streams: string) => {
    const query = new URLSearchParams([
      ['container', 'app'],
      ...command.map((word) => ['command', word]),
      ...streams.split(' ').map((name) => [name, 'true']),
    ]);
    return `${POD}/exec?${query.toString()}`;
  };
  const overWebSocket = (path: string, protocol: string): Promise<ChannelClient> =>
    connectChannels({ url: `ws+unix:${socketPath}:${path}`, protocols: [protocol] });
  const overSpdy = async (
    path: string,
    protocol: string,
    types = '',
  ): Promise<[SpdyClient, Record<string, ClientStream>]> => {
    const { client } = await upgradeToSpdy({ path, protocols: [protocol], at: { socketPath } });
    const streams: Record<string, ClientStream> = {};
    for (const type of types.split(' ').filter(Boolean)) streams[type] = await client.open({ streamtype: type });
    return [client, streams];
  };
  /** How many processes of the container have this in their command line. */
  const countProcesses = async (text: string): Promise<number> => {
    const listed = await dockerd.cli('top', appId, '-eo', 'pid,args');
    return listed.split('\n').filter((line) => line.includes(text)).length;
  };
  const threeMegabytes = Buffer.alloc(3 * 2 ** 20, 'sixteen letters ');

  describe('exec over a WebSocket', () => {
    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
      it(`tells outputs apart and gives the exit code (${protocol})`, async () => {
        const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
        const client = await overWebSocket(execPath(command, 'stdout stderr'), protocol);
        assert.equal(await client.closed, 1000);
        assert.deepEqual([client.text(1), client.text(2)], ['out\n', 'err\n']);
        assert.equal(JSON.parse(client.text(3)).details.causes[0].message, '3');
      });
    }

    it('carries 3 MB to a command and back, and the end of both', async () => {
      const client = await overWebSocket(execPath(['cat'], 'stdin stdout stderr'), 'v5.channel.k8s.io');
      for (let at = 0; at < threeMegabytes.length; at += 32_768) {
        await client.send(0, threeMegabytes.subarray(at, at + 32_768));
      }
      await client.send(255, Buffer.of(0));
      assert.equal(await client.closed, 1000);
      assert.ok(client.bytes(1).equals(threeMegabytes), `${client.bytes(1).length} bytes came back`);
      assert.equal(JSON.parse(client.text(3)).status, 'Success');
    });

    it('has a terminal of the size that was told', async () => {
      const command = ['sh', '-c', 'until [ "$(stty size)" = "45 123" ]; do sleep 0.05; done; stty size'];
      const client = await overWebSocket(execPath(command, 'stdin stdout tty'), 'v5.channel.k8s.io');
      await client.send(4, '{"Width":0,"Height":0}\n');
      await client.send(4, '{"Width":123,"Height":45}\n');
      await client.closed;
      assert.match(client.text(1), /45 123/);
    });

    it('leaves no process of a client that is gone', async () => {
      const command = ['sh', '-c', 'sleep 1111 & sleep 1111; exit'];
      const clients = await Promise.all(
        ['stdin stdout stderr', 'stdin stdout tty'].map((streams) =>
          overWebSocket(execPath(command, streams), 'v5.channel.k8s.io'),
        ),
      );
      await eventually(async () => (await countProcesses('sleep 1111')) === 6, { describe: 'the commands to run' });
      for (const client of clients) client.destroy();
      await eventually(async () => (await countProcesses('sleep 1111')) === 0, { describe: 'the commands to end' });
    });
  });

  describe('exec over SPDY', () => {
    it('tells outputs apart and gives the exit code', async () => {
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
      const [client, streams] = await overSpdy(
        execPath(command, 'stdout stderr'),
        'v4.channel.k8s.io',
        'error stdout stderr',
      );
      await streams.error?.ended;
      assert.deepEqual([streams.stdout?.text(), streams.stderr?.text()], ['out\n', 'err\n']);
      assert.equal(JSON.parse(streams.error?.text() ?? '').details.causes[0].message, '3');
      client.destroy();
    });

    it('carries 3 MB to a command and back, and the end of both', async () => {
      const path = execPath(['cat'], 'stdin stdout stderr');
      const [client, { error, stdin, stdout }] = await overSpdy(path, 'v4.channel.k8s.io', 'error stdin stdout stderr');
      for (let at = 0; at < threeMegabytes.length; at += 32_768) {
        await stdin?.send(threeMegabytes.subarray(at, at + 32_768));
      }
      stdin?.end();
      await error?.ended;
      assert.ok(Buffer.concat(stdout?.received ?? []).equals(threeMegabytes));
      assert.equal(JSON.parse(error?.text() ?? '').status, 'Success');
      client.destroy();
    });

    it('leaves no process of a client that is gone', async () => {
      const path = execPath(['sleep', '2222'], 'stdin stdout stderr');
      const [client] = await overSpdy(path, 'v4.channel.k8s.io', 'error stdin stdout stderr');
      await eventually(async () => (await countProcesses('sleep 2222')) === 1, { describe: 'the command to run' });
      client.destroy();
      await eventually(async () => (await countProcesses('sleep 2222')) === 0, { describe: 'the command to end' });
    });
  });

  it('keeps what a command has put into the background when it ends by itself', async () => {
    const command = ['sh', '-c', 'sleep 3333 >/dev/null 2>&1 & echo $!'];
    const client = await overWebSocket(execPath(command, 'stdout'), 'v5.channel.k8s.io');
    assert.equal(await client.closed, 1000);
    assert.equal(await countProcesses('sleep 3333'), 1);
    const kill = await overWebSocket(execPath(['kill', client.text(1).trim()], 'stdout'), 'v5.channel.k8s.io');
    await kill.closed;
    await eventually(async () => (await countProcesses('sleep 3333')) === 0, { describe: 'it to be killed' });
  });

  it('attaches to a process with stdin, and leaves it running', async () => {
    for (const line of ['first', 'second']) {
      const client = await overWebSocket(`${POD}/attach?container=copy&stdin=1&stdout=1&stderr=1`, 'v5.channel.k8s.io');
      await client.send(0, `${line}\n`);
      await eventually(() => client.text(1) === `${line}\n`, { describe: 'the echo' });
      client.destroy();
    }
  });

  it('forwards 20 connections at once, also to a port of the loopback interface', async () => {
    const [client] = await overSpdy(`${POD}/portforward`, 'portforward.k8s.io');
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const headers = { port: at % 2 === 0 ? '8080' : '9090', requestid: String(at) };
        const error = await client.open({ ...headers, streamtype: 'error' });
        const data = await client.open({ ...headers, streamtype: 'data' });
        await data.send(`GET /${at + 1} HTTP/1.0\r\n\r\n`);
        await data.ended;
        await error.ended;
        const [head = '', body = ''] = data.text().split(/\r\n\r\n(.*)/s);
        assert.match(head, /^HTTP\/1\.\d 200 /);
        assert.ok(body === `${at + 1}\n${'\0'.repeat(300_000)}`, `${body.length} bytes`);
        assert.equal(error.text(), '');
      }),
    );
    client.destroy();
  });

  it('forwards what is sent, and its end', async () => {
    const [client] = await overSpdy(`${POD}/portforward`, 'portforward.k8s.io');
    await client.open({ port: '7', requestid: '0', streamtype: 'error' });
    const data = await client.open({ port: '7', requestid: '0', streamtype: 'data' });
    await data.send(threeMegabytes);
    data.end();
    await data.ended;
    assert.ok(Buffer.concat(data.received).equals(threeMegabytes));
    client.destroy();
  });

  it('passes requests on to a program of the pod', async () => {
    const client = socketClient(socketPath);
    assert.equal(await client.send({ path: `${POD}/proxy/page` }), 'hello\n');
    assert.equal(await client.send({ path: `${POD}:8080/proxy/page` }), 'hello\n');
    await assert.rejects(client.send({ path: `${POD}:8080/proxy/nope` }), /404/);
    await assert.rejects(
      client.send({ path: `${POD}:1/proxy/` }),
      /503: error trying to reach service: .*ECONNREFUSED/,
    );
    client.close();
  });

  for (const version of ['1.27', '1.30', '1.33'] as const) {
    describe(`kubectl ${version}`, () => {
      const path = findKubectl(version);
      if (path === undefined) {
        it.skip(`SKIPPED: there is no kubectl ${version}`);
        return;
      }
      let home: string;
      let env: NodeJS.ProcessEnv;
      before(async () => {
        home = mkdtempSync(join(tmpdir(), 'sampan-kubectl-'));
        writeFileSync(join(home, 'kubeconfig'), await sampan.cli('kubeconfig'));
        env = { HOME: home, KUBECONFIG: join(home, 'kubeconfig'), PATH: process.env.PATH };
      });
      after(() => rmSync(home, { recursive: true }));
      const attempt = (args: string[], options: RunOptions = {}) =>
        dockerd.netns.attempt(path, args, { ...options, env, timeoutMs: 60_000 });
      const run = (args: string[], options: RunOptions = {}) =>
        dockerd.netns.run(path, args, { ...options, env, timeoutMs: 60_000 });

      it('exec: outputs, stdin, exit code', async () => {
        const ended = await attempt(
          ['exec', '-i', 'tools', '-c', 'app', '--', 'sh', '-c', 'cat; echo err >&2; exit 3'],
          {
            input: 'hello\n',
          },
        );
        assert.deepEqual(ended, { code: 3, stdout: 'hello\n', stderr: 'err\ncommand terminated with exit code 3\n' });
      });

      it('cp: a file of 3 MB there and back', async () => {
        const bytes = randomBytes(3 * 2 ** 20);
        writeFileSync(join(home, 'there'), bytes);
        await run(['cp', join(home, 'there'), `default/tools:/file-${version}`, '-c', 'app']);
        await run(['cp', `default/tools:/file-${version}`, join(home, 'back'), '-c', 'app']);
        assert.ok(readFileSync(join(home, 'back')).equals(bytes));
      });

      it('exec that is killed leaves no process behind', async () => {
        const seconds = `44${version.replace('.', '')}`;
        const args = ['exec', '-i', 'tools', '-c', 'app', '--', 'sleep', seconds];
        const kubectl = await dockerd.netns.start(path, args, join(home, 'exec.log'), env);
        await eventually(async () => (await countProcesses(`sleep ${seconds}`)) === 1, {
          describe: 'the command to run',
        });
        await kubectl.stop('SIGKILL');
        await eventually(async () => (await countProcesses(`sleep ${seconds}`)) === 0, {
          describe: 'the command to end',
        });
      });

      it('attach: stdin and output', async () => {
        // Its stdin stays open, and so does what is attached: whoever has heard enough ends it, and with it all that it runs.
        const args = ['60', 'sh', '-c', `{ echo hello; sleep 60; } | ${path} attach -i tools -c copy`];
        const kubectl = await dockerd.netns.start('timeout', args, join(home, 'attach.log'), env);
        await eventually(() => /^hello$/m.test(kubectl.readLog()), { describe: 'what was said', timeoutMs: 20_000 });
        await kubectl.stop();
      });

      it('port-forward: 20 connections at once', async () => {
        const args = ['port-forward', 'pod/tools', ':8080'];
        const kubectl = await dockerd.netns.start(path, args, join(home, 'forward.log'), env);
        const listening = () => Number(/127\.0\.0\.1:(\d+) -> 8080/.exec(kubectl.readLog())?.[1]) || undefined;
        const port = await eventually(listening, { describe: 'kubectl to listen' });
        await Promise.all(
          Array.from({ length: 20 }, async (_, at) => {
            const url = `http://127.0.0.1:${port}/${at + 1}`;
            const body = await dockerd.netns.run('busybox', ['wget', '-q', '-O', '-', url], {
              env: { PATH: process.env.PATH },
            });
            assert.ok(body === `${at + 1}\n${'\0'.repeat(300_000)}`, `${body.length} bytes`);
          }),
        );
        await kubectl.stop();
      });

      it('logs: the last lines, followed to the end of the client', async () => {
        assert.equal(await run(['logs', 'tools', '-c', 'app', '--tail=1']), 'started\n');
        assert.equal(await run(['logs', 'tools', '-c', 'app', '--limit-bytes=5']), 'start');
      });

      it('get --raw: through the proxy to the program', async () => {
        assert.equal(await run(['get', '--raw', `${POD}:8080/proxy/page`]), 'hello\n');
      });
    });
  }
});
