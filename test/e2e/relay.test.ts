/**
 * Two masters, each with a node of its own: what kubectl asks the one about a pod on the other, over SPDY as old ones do and over
 * WebSockets; and what it is told when the other is gone.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonKubectl, daemonKubectl, kubectlPath } from './harness/daemon-kubectl.ts';
import { eventually } from './harness/eventually.ts';
import { type Machines, startMachines } from './harness/machines.ts';
import { useTestBed } from './harness/test-bed.ts';

const POD = '/api/v1/namespaces/default/pods/tools';
const untilStopped = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
/** 20 files, a number and 300,000 zeros each. */
const FILES =
  'mkdir /www; for n in $(seq 20); do { echo $n; head -c 300000 /dev/zero; } > /www/$n; done; echo hello > /www/page';
const shell = (script: string) => ({ image: 'sampan/busybox:1', command: ['sh', '-c', script] });
const TOOLS = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tools', labels: { app: 'tools' } },
  spec: {
    nodeName: 'node2',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'app',
        ...shell(`${FILES}; httpd -p 8080 -h /www; echo started; ${untilStopped}`),
        ports: [{ containerPort: 8080 }],
      },
      { name: 'copy', image: 'sampan/busybox:1', command: ['cat'], stdin: true },
    ],
  },
};
const FRONT = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'front' },
  spec: { selector: { app: 'tools' }, ports: [{ port: 80, targetPort: 8080 }] },
};

describe('pods on another node', function () {
  this.timeout(120_000);
  const bed = useTestBed();
  let machines: Machines;
  let home: string;

  const here = () => {
    const [first] = machines.masters;
    assert.ok(first);
    return first;
  };
  const there = () => {
    const second = machines.masters[1];
    assert.ok(second);
    return second;
  };

  before('two masters, and a pod of tools on the second', async () => {
    home = await bed.dir();
    machines = await startMachines(bed, { count: 2, masters: 2, source: await bed.dir() });
    const { api } = here().daemon;
    await eventually(async () => (await api.list('/api/v1/nodes')).length === 2, {
      describe: 'both nodes to be known',
      timeoutMs: 20_000,
    });
    await api.create('/api/v1/namespaces/default/services', FRONT);
    await api.create('/api/v1/namespaces/default/pods', TOOLS);
    await eventually(async () => (await api.get(POD)).status.phase === 'Running', {
      describe: 'the pod to run',
      timeoutMs: 30_000,
    });
  });

  it('are found by what their nodes say of themselves', async () => {
    const node = await here().daemon.api.get('/api/v1/nodes/node2');
    assert.deepEqual(node.status.daemonEndpoints, { kubeletEndpoint: { Port: 10_250 } });
  });

  for (const version of ['1.27', '1.33'] as const) {
    describe(`kubectl ${version}`, () => {
      let kubectl: DaemonKubectl;
      let path: string;
      let env: NodeJS.ProcessEnv;
      before(function () {
        const { netns, daemon: sampan } = here();
        const found = daemonKubectl(version, { netns, sampan, home });
        if (found === undefined) this.skip();
        kubectl = found;
        path = kubectlPath(version) ?? '';
        env = { HOME: home, KUBECONFIG: join(sampan.dataDir, 'kubeconfig'), PATH: process.env.PATH };
      });
      const start = (name: string, ...args: string[]) =>
        here().netns.start(path, args, join(home, `${name}-${version}.log`), env);

      it('logs: the last lines, and those to come', async () => {
        assert.equal(await kubectl.run('logs', 'tools', '-c', 'app', '--limit-bytes=8'), 'started\n');
        const following = await start('logs', 'logs', '-f', 'tools', '-c', 'app');
        await kubectl.run('exec', 'tools', '-c', 'app', '--', 'sh', '-c', `echo more ${version} > /proc/1/fd/1`);
        await eventually(() => following.readLog().includes(`more ${version}\n`), { describe: 'the new line' });
        await following.stop();
      });

      it('exec: outputs, stdin, exit code', async () => {
        const args = ['exec', '-i', 'tools', '-c', 'app', '--', 'sh', '-c', 'cat; echo err >&2; exit 3'];
        const { netns } = here();
        const ended = await netns.attempt(path, args, { env, input: 'hello\n' });
        assert.deepEqual(ended, { code: 3, stdout: 'hello\n', stderr: 'err\ncommand terminated with exit code 3\n' });
      });

      it('cp: a file of 3 MB there and back', async () => {
        const bytes = randomBytes(3 * 2 ** 20);
        writeFileSync(join(home, 'there'), bytes);
        await kubectl.run('cp', join(home, 'there'), `default/tools:/file-${version}`, '-c', 'app');
        await kubectl.run('cp', `default/tools:/file-${version}`, join(home, 'back'), '-c', 'app');
        assert.ok(readFileSync(join(home, 'back')).equals(bytes));
      });

      it('attach: stdin and output', async () => {
        const script = `{ echo hello ${version}; sleep 60; } | ${path} attach -i tools -c copy`;
        // It goes on for as long as the container does; timeout passes on to the whole pipe that it is stopped.
        const args = ['60', 'sh', '-c', script];
        const attached = await here().netns.start('timeout', args, join(home, `attach-${version}.log`), env);
        await eventually(() => attached.readLog().includes(`hello ${version}\n`), { describe: 'the echo' });
        await attached.stop();
      });

      it('port-forward: 20 connections at once', async () => {
        const forwarding = await start('forward', 'port-forward', 'pod/tools', ':8080');
        const listening = () => Number(/127\.0\.0\.1:(\d+) -> 8080/.exec(forwarding.readLog())?.[1]) || undefined;
        const port = await eventually(listening, { describe: 'kubectl to listen' });
        await Promise.all(
          Array.from({ length: 20 }, async (_, at) => {
            const url = `http://127.0.0.1:${port}/${at + 1}`;
            const body = await here().netns.run('busybox', ['wget', '-q', '-O', '-', url], { env });
            assert.ok(body === `${at + 1}\n${'\0'.repeat(300_000)}`, `${body.length} bytes`);
          }),
        );
        await forwarding.stop();
      });

      it('get --raw: through the proxies of the pod, its Service and its node', async () => {
        assert.equal(await kubectl.run('get', '--raw', `${POD}:8080/proxy/page`), 'hello\n');
        assert.equal(
          await kubectl.run('get', '--raw', '/api/v1/namespaces/default/services/front:80/proxy/page'),
          'hello\n',
        );
        assert.equal(await kubectl.run('get', '--raw', '/api/v1/nodes/node2/proxy/healthz'), 'ok');
      });

      it('top: both nodes, and the pod', async () => {
        const nodes = await kubectl.run('top', 'node', '--no-headers');
        assert.deepEqual(
          nodes
            .trim()
            .split('\n')
            .map((line) => line.split(/\s+/)[0]),
          ['node1', 'node2'],
        );
        assert.match(await kubectl.run('top', 'pod', '--no-headers'), /^tools +\d+m +\d+Mi/);
      });
    });
  }

  describe('whose node has gone', () => {
    it('are let go of, and missed in seconds', async function () {
      const path = kubectlPath('1.33');
      if (path === undefined) return this.skip();
      const { netns, daemon } = here();
      const env = { HOME: home, KUBECONFIG: join(daemon.dataDir, 'kubeconfig'), PATH: process.env.PATH };
      const open = ['logs -f tools -c app', 'exec tools -c app -- sleep 1000'].map((args, number) =>
        netns.start(path, args.split(' '), join(home, `open-${number}.log`), env),
      );
      const [logs, exec] = await Promise.all(open);
      await eventually(() => logs?.readLog().includes('started'), { describe: 'the logs' });
      // One that stands still takes connections, and says nothing.
      process.kill(there().daemon.process.pid, 'SIGSTOP');
      const since = performance.now();
      const silent = await netns.attempt(path, ['exec', 'tools', '-c', 'app', '--', 'true'], { env });
      assert.equal(silent.code, 1);
      assert.match(silent.stderr, /node node2 at \S+:10250 does not answer: no connection within 5 s/);

      await there().daemon.stop('SIGKILL');
      await Promise.all([logs?.ended, exec?.ended]);
      const { code, stderr } = await netns.attempt(path, ['logs', 'tools', '-c', 'app'], { env });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`node node2 at ${there().address}:10250 does not answer: connect ECONNREFUSED`));
      assert.ok(performance.now() - since < 15_000, 'in seconds');
    });
  });
});
