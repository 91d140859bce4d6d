/** `kubectl exec`, `attach`, `port-forward`, `logs`, as a person uses them: SPDY up to 1.29 (port-forward 1.30), WebSockets since. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { runPod } from '../fakes/fake-node.ts';
import { FakeProcess } from '../fakes/fake-process.ts';
import { eachKubectl } from './harness/each-kubectl.ts';
import type { StartedKubectl } from './harness/kubectl.ts';

/**
 * As long as a process takes to start: kubectl before 1.34 may drop what comes before it has made its streams (client-go's readDemuxLoop,
 * which has waited for them since).
 */
const START_MS = 50;

const copy = async (process: FakeProcess) => {
  for await (const data of process.stdin) process.write('stdout', data);
  return 0;
};

const APP = {
  programs: {
    copy,
    stay: FakeProcess.idle,
    fail: async (process: FakeProcess) => {
      await delay(START_MS);
      process.write('stdout', 'out\n');
      process.write('stderr', 'err\n');
      return 3;
    },
  },
  onAttach: copy,
  output: [
    { stream: 'stdout', text: 'one\n' },
    { stream: 'stdout', text: 'two\n' },
  ],
} as const;
const PAUSE = { servers: { 80: (connection: Duplex) => void connection.on('error', () => {}).pipe(connection) } };

eachKubectl('streams', ['1.27', '1.30', '1.33'], (bed) => {
  let app: string;
  const started: StartedKubectl[] = [];

  before(async () => {
    const { cluster, runtime } = bed();
    runtime.addImage('app', APP);
    runtime.addImage('pause', PAUSE);
    ({ app = '' } = await runPod(cluster, runtime, 'web', { [SANDBOX]: 'pause', app: 'app' }));
  });
  afterEach(() => {
    for (const { process } of started.splice(0)) process.kill();
  });

  const start = (...args: string[]): StartedKubectl => {
    const kubectl = bed().kubectl.start(args);
    started.push(kubectl);
    return kubectl;
  };
  const running = () => bed().runtime.processesOf(app).length;

  it('exec shows both outputs and ends with the exit code of the command', async () => {
    const { code, stdout, stderr } = await bed().kubectl.attempt(['exec', 'web', '--', 'fail']);
    assert.equal(code, 3);
    assert.equal(stdout, 'out\n');
    assert.equal(stderr, 'err\ncommand terminated with exit code 3\n');
  });

  it('exec -i carries 3 MB to the command and back', async () => {
    const input = 'sixteen letters\n'.repeat(3 * 2 ** 16);
    const stdout = await bed().kubectl.run(['exec', '-i', 'web', '--', 'copy'], { input });
    assert.equal(stdout.length, input.length);
    assert.ok(stdout === input);
  });

  it('exec says what cannot be', async () => {
    const missing = await bed().kubectl.attempt(['exec', 'web', '--', 'nope']);
    assert.equal(missing.code, 127);
    assert.match(missing.stdout, /executable file not found/);
    const nowhere = await bed().kubectl.attempt(['exec', 'nope', '--', 'fail']);
    assert.match(nowhere.stderr, /pods "nope" not found/);
  });

  it('exec that is killed leaves no process behind', async () => {
    const kubectl = start('exec', '-i', 'web', '--', 'stay');
    await eventually(() => running() === 1, { describe: 'the command to run', timeoutMs: 30_000 });
    kubectl.process.kill('SIGKILL');
    await eventually(() => running() === 0, { describe: 'the command to end' });
  });

  it('attach -i talks to the process and leaves it running', async () => {
    const kubectl = start('attach', '-i', 'web');
    await eventually(() => running() === 1, { describe: 'kubectl to be attached', timeoutMs: 30_000 });
    kubectl.process.stdin.write('hello\n');
    await eventually(() => kubectl.stdout.includes('hello\n'), { describe: 'the echo' });
    kubectl.process.kill();
    await eventually(() => running() === 0, { describe: 'kubectl to be gone' });
    assert.equal((await bed().runtime.inspect(app))?.state, 'running');
  });

  it('port-forward carries 20 connections at once', async () => {
    const kubectl = start('port-forward', 'pod/web', ':80');
    const port = await eventually(() => Number(/127\.0\.0\.1:(\d+) -> 80/.exec(kubectl.stdout)?.[1]) || undefined, {
      describe: 'kubectl to listen',
      timeoutMs: 30_000,
    });
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const sent = Buffer.alloc(200_000, at);
        const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
        socket.end(sent);
        const received = Buffer.concat(await socket.toArray());
        assert.ok(received.equals(sent), `connection ${at}: ${received.length} of ${sent.length} bytes`);
      }),
    );
    assert.equal(kubectl.stderr, '');
  });

  it('port-forward says that nobody listens', async () => {
    const kubectl = start('port-forward', 'pod/web', ':81');
    const port = await eventually(() => Number(/127\.0\.0\.1:(\d+) -> 81/.exec(kubectl.stdout)?.[1]) || undefined, {
      describe: 'kubectl to listen',
      timeoutMs: 30_000,
    });
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    await once(socket, 'close');
    const said = /an error occurred forwarding \d+ -> 81: error forwarding port 81 to pod web: .*ECONNREFUSED/;
    await eventually(() => said.test(kubectl.stderr), { describe: 'what kubectl says' });
  });

  it('logs shows lines, their end, and no more bytes than asked for', async () => {
    const logs = (...args: string[]) => bed().kubectl.run(['logs', 'web', ...args]);
    assert.equal(await logs(), 'one\ntwo\n');
    assert.equal(await logs('--tail=1'), 'two\n');
    assert.equal(await logs('--limit-bytes=5'), 'one\nt');
    assert.match(await logs('--timestamps'), /^\d{4}-\d\d-\d\dT\S+ one\n/);
    assert.equal(await logs('--since=1h'), 'one\ntwo\n');
    const { stderr } = await bed().kubectl.attempt(['logs', 'web', '--previous']);
    assert.match(stderr, /previous terminated container "app" in pod "web" not found/);
  });
});
