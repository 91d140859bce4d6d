/** The harness itself: engines side by side, machines on a wire, and nothing left afterwards. Needs root and dockerd. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { eventually } from './harness/eventually.ts';
import { processesMentioning } from './harness/process-table.ts';
import { attempt, run } from './harness/run.ts';
import { removeLeftovers } from './harness/scope.ts';
import { openTestBed, useTestBed } from './harness/test-bed.ts';

describe('the end-to-end harness', () => {
  const bed = useTestBed();

  it('runs two engines side by side, each with its own containers', async () => {
    const engines = await Promise.all(
      ['one', 'two'].map(async (marker) => {
        const engine = await bed.dockerd(await bed.netns());
        const out = await engine.cli('run', '--rm', '--network=none', 'sampan/busybox:1', 'echo', marker);
        assert.equal(out, `${marker}\n`);
        await engine.cli('run', '-d', '--network=none', '--name', marker, 'sampan/pause:1');
        return engine;
      }),
    );
    const names = await Promise.all(engines.map((engine) => engine.cli('ps', '--format', '{{.Names}}')));
    assert.deepEqual(names, ['one\n', 'two\n']);
  });

  it('restarts an engine on its data', async () => {
    const engine = await bed.dockerd(await bed.netns());
    await engine.cli('run', '-d', '--network=none', '--restart=always', '--name', 'lasting', 'sampan/pause:1');
    await engine.stop('SIGKILL');
    await engine.start();
    const state = ['inspect', '--format', '{{.State.Running}} {{.RestartCount}}', 'lasting'];
    await eventually(async () => (await engine.cli(...state)).startsWith('true'), { describe: 'the container to run' });
  });

  it('joins machines by a wire: each reaches the other, and the one outside reaches a published port', async () => {
    const lan = await bed.lan();
    const node = await bed.netns();
    const address = await lan.join(node);
    const engine = await bed.dockerd(node, { bridge: true });
    await engine.cli('run', '-d', '-p', '8010:8010', 'upperstring');
    assert.equal(
      await eventually(() => lan.outside.exchange(address, 8010, 'hello'), { describe: 'an answer' }),
      'HELLO\n',
    );
  });

  it('starts etcd in a namespace and on the machine, and restarts it on its data', async () => {
    const node = await bed.netns();
    const [inside, onMachine] = await Promise.all([bed.etcd({ netns: node }), bed.etcd()]);
    const etcdctl = (...args: string[]): [string, string[]] => [
      'etcdctl',
      ['--command-timeout=500ms', '--endpoints', inside.endpoint, ...args],
    ];
    await node.run(...etcdctl('put', 'key', 'kept'));
    await inside.stop('SIGKILL');
    assert.equal((await attempt('nsenter', [`--net=${node.path}`, ...etcdctl('get', 'key')].flat())).code, 1);
    await inside.start();
    assert.equal(await node.run(...etcdctl('get', 'key', '--print-value-only')), 'kept\n');
    assert.equal(await run('etcdctl', ['--endpoints', onMachine.endpoint, 'get', 'key']), '');
  });

  it('leaves nothing behind: no process, mount, control group, namespace or file', async () => {
    await using own = await openTestBed();
    const lan = await own.lan();
    const node = await own.netns();
    await lan.join(node);
    const engine = await own.dockerd(node, { bridge: true });
    await engine.cli('run', '-d', '--name', 'running', 'sampan/busybox:1', 'sleep', '1000');
    await own.etcd({ netns: node });
    const dir = await own.dir();
    const scopeDir = dir.slice(0, dir.lastIndexOf('/'));
    const scopeName = node.name.slice(0, node.name.lastIndexOf('-'));
    assert.ok(processesMentioning(scopeDir).length >= 4, 'containerd, dockerd, a shim and etcd run');
    assert.ok(traces(scopeDir, scopeName).length >= 4, 'mounts, control groups, namespaces and files are there');

    await own.close();
    assert.deepEqual(processesMentioning(scopeDir), []);
    assert.deepEqual(traces(scopeDir, scopeName), []);
  });

  it('takes away what a killed run left behind', async () => {
    const script = `
      import { openTestBed } from '${import.meta.dirname}/harness/test-bed.ts';
      const bed = await openTestBed();
      const engine = await bed.dockerd(await bed.netns());
      await engine.cli('run', '-d', '--network=none', 'sampan/pause:1');
      console.log(engine.netns.name, engine.socketPath);
      process.kill(process.pid, 'SIGKILL');`;
    const { code, stdout } = await attempt(process.execPath, ['--input-type=module', '--eval', script]);
    assert.equal(code, null);
    const [netns = '', socket = ''] = stdout.trim().split(' ');
    const scopeDir = socket.split('/').slice(0, -2).join('/');
    const scopeName = netns.slice(0, netns.lastIndexOf('-'));
    assert.ok(processesMentioning(scopeDir).length >= 3, 'containerd, dockerd and a shim still run');

    await removeLeftovers();
    assert.deepEqual(processesMentioning(scopeDir), []);
    assert.deepEqual(traces(scopeDir, scopeName), []);
  });

  it('has images that do what the walkthrough says, for a client that half-closes too', async () => {
    const node = await bed.netns();
    const engine = await bed.dockerd(node, { bridge: true });
    const address = async (name: string): Promise<string> =>
      (await engine.cli('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name)).trim();
    await engine.cli('run', '-d', '--name', 'upper', 'upperstring');
    await engine.cli('run', '-d', '--name', 'reversi', 'reversistring');
    const upper = ['-e', `UPPER_SERVICE_HOST=${await address('upper')}`, '-e', 'UPPER_SERVICE_PORT=8010'];
    const reversi = ['-e', `REVERSI_SERVICE_HOST=${await address('reversi')}`, '-e', 'REVERSI_SERVICE_PORT=8005'];
    await engine.cli('run', '-d', '--name', 'tcpserver', ...upper, ...reversi, 'tcpserver');
    const tcpserver = await address('tcpserver');

    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        eventually(() => node.exchange(tcpserver, 8000, 'hello'), { describe: 'tcpserver to listen' }),
      ),
    );
    assert.deepEqual(new Set(answers), new Set(['OLLEH\n']));

    await engine.cli('run', '-d', '--name', 'astray', ...upper, '-e', 'UPPER_SERVICE_PORT=1', ...reversi, 'tcpserver');
    const astray = await address('astray');
    const answer = await eventually(() => node.exchange(astray, 8000, 'hello').then((text) => ({ text })), {
      describe: 'tcpserver to listen',
    });
    assert.equal(answer.text, '');
    const { stderr } = await attempt('docker', ['--host', engine.host, 'logs', 'astray']);
    assert.match(stderr, /the Service "upper" at [\d.]+:1 gave no answer: Connection refused/);

    const stopped = performance.now();
    await engine.cli('stop', 'tcpserver', 'reversi');
    assert.ok(performance.now() - stopped < 5000, 'they end on SIGTERM, before Docker kills them after 10 s');
    const lonely = await attempt('docker', ['--host', engine.host, 'run', '--rm', 'tcpserver']);
    assert.equal(lonely.code, 1);
    assert.match(lonely.stderr, /UPPER_SERVICE_HOST is not set: the Service "upper" must exist/);
  });

  it('has an HTTP image that keeps connections alive and answers with the hostname', async () => {
    const node = await bed.netns();
    const engine = await bed.dockerd(node);
    await engine.cli('run', '-d', '--network=host', '--hostname', 'web', 'sampan/bench-http:1', '8081');
    const request = 'GET / HTTP/1.1\r\nHost: web\r\n\r\n';
    const closing = request.replace('Host', 'Connection: close\r\nHost');
    const reply = await eventually(() => node.exchange('127.0.0.1', 8081, request + request + closing), {
      describe: 'the server to listen',
    });
    assert.equal(reply.match(/^HTTP\/1\.1 200 OK\r$/gm)?.length, 3);
    assert.equal(reply.match(/^web$/gm)?.length, 3);
  });

  it('says what it waited for and why it did not come', async () => {
    const never = eventually(() => assert.equal(1, 2), { describe: 'one to be two', timeoutMs: 50 });
    await assert.rejects(never, /waited 50 ms for one to be two; last: Expected values to be strictly equal/);
  });
});

/** What of a scope can be seen on this machine, beside processes. */
function traces(scopeDir: string, scopeName: string): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const hierarchies = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
  return [
    ...(existsSync(scopeDir) ? [scopeDir] : []),
    ...mounts.filter((mount) => mount.includes(`${scopeDir}/`)),
    ...readdirSync('/run/netns').filter((name) => name.startsWith(scopeName)),
    ...hierarchies
      .filter((path) => existsSync(`${path}/cgroup.procs`) || path === '/sys/fs/cgroup')
      .flatMap((path) => readdirSync(path).map((name) => `${path}/${name}`))
      .filter((path) => path.includes(scopeName)),
  ];
}
