/** The official client for Node, over TLS: it offers every version of the channels at once. */
import assert from 'node:assert/strict';
import { PassThrough, type Readable } from 'node:stream';
import { Attach, Exec, KubeConfig, Log, PortForward, type V1Status } from '@kubernetes/client-node';
import { SANDBOX } from '../../../reconcilers/kubelet/identity.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { runPod } from '../../fakes/fake-node.ts';
import type { FakeProcess } from '../../fakes/fake-process.ts';
import { type ApiBed, startApiBed } from '../../kubectl/harness/api-bed.ts';

const copy = async (process: FakeProcess) => {
  for await (const data of process.stdin) process.write('stdout', data);
  return 0;
};
const fail = async (process: FakeProcess) => {
  process.write('stdout', 'out');
  process.write('stderr', 'err');
  return 3;
};

describe('@kubernetes/client-node', () => {
  let bed: ApiBed;
  let config: KubeConfig;

  before(async () => {
    bed = await startApiBed();
    const { runtime, cluster } = bed;
    const output = [{ stream: 'stdout', text: 'started\n' }] as const;
    runtime.addImage('app', { programs: { copy, fail }, onAttach: copy, output });
    runtime.addImage('pause', {
      servers: { 80: (connection) => void connection.on('error', () => {}).pipe(connection) },
    });
    await runPod(cluster, runtime, 'web', { [SANDBOX]: 'pause', app: 'app' });
    config = new KubeConfig();
    config.loadFromString(bed.kubeconfig);
  });
  after(() => bed.close());

  /** What has come so far. */
  const collected = () => {
    const stream = new PassThrough();
    let text = '';
    stream.on('data', (data: Buffer) => {
      text += data.toString();
    });
    return { stream, text: () => text };
  };
  const exec = (command: string, stdin: Readable | null) => {
    const [stdout, stderr] = [collected(), collected()];
    const status = new Promise<V1Status>((resolve, reject) => {
      new Exec(config)
        .exec('default', 'web', 'app', command, stdout.stream, stderr.stream, stdin, false, resolve)
        .catch(reject);
    });
    return { stdout, stderr, status };
  };

  it('execs: outputs apart, and the exit code', async () => {
    const { stdout, stderr, status } = exec('fail', null);
    const { reason, details } = await status;
    assert.deepEqual([reason, details?.causes?.[0]?.message], ['NonZeroExitCode', '3']);
    assert.deepEqual([stdout.text(), stderr.text()], ['out', 'err']);
  });

  it('execs: stdin to its end', async () => {
    const stdin = new PassThrough();
    const { stdout, status } = exec('copy', stdin);
    stdin.end('hello');
    assert.equal((await status).status, 'Success');
    assert.equal(stdout.text(), 'hello');
  });

  it('attaches', async () => {
    const [stdin, stdout] = [new PassThrough(), collected()];
    const socket = await new Attach(config).attach('default', 'web', 'app', stdout.stream, null, stdin, false);
    stdin.write('hello');
    await eventually(() => stdout.text() === 'hello', { describe: 'the echo' });
    socket.close();
  });

  it('forwards a port', async () => {
    const [output, input] = [collected(), new PassThrough()];
    const socket = await new PortForward(config).portForward('default', 'web', [80], output.stream, null, input);
    input.write('hello');
    await eventually(() => output.text() === 'hello', { describe: 'the echo' });
    (typeof socket === 'function' ? socket() : socket)?.close();
  });

  it('reads logs', async () => {
    const output = collected();
    await new Log(config).log('default', 'web', 'app', output.stream, { tailLines: 1 });
    await eventually(() => output.text() === 'started\n', { describe: 'the log' });
  });
});
