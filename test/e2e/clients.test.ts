/**
 * Client libraries of others on a real daemon, with the kubeconfig that it writes: JavaScript's, which is a dependency, and Python's
 * where the machine has it. Each is a program of its own, in the daemon's network namespace; what it saw is judged here.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const PROGRAMS = join(import.meta.dirname, 'clients');
/** Debian's, for which Debian's package is: another on PATH does not see it. */
const PYTHON = '/usr/bin/python3';

const TOOLS = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tools', labels: { app: 'tools' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'app',
        image: 'sampan/busybox:1',
        command: ['sh', '-c', 'echo ready; exec nc -ll -p 7 -e cat'],
        ports: [{ name: 'echo', containerPort: 7 }],
      },
    ],
  },
};
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'tools' },
  spec: { selector: { app: 'tools' }, ports: [{ port: 7, targetPort: 'echo' }] },
};

describe('clients of others', function () {
  this.timeout(120_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;

  before('the daemon with a pod and a Service', async () => {
    dockerd = await bed.dockerd(await bed.netns());
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    await sampan.api.create('/api/v1/namespaces/default/pods', TOOLS);
    await sampan.api.create('/api/v1/namespaces/default/services', SERVICE);
    const addressed = async () =>
      (await sampan.api.get('/api/v1/namespaces/default/endpoints/tools')).subsets?.[0]?.addresses?.length === 1;
    await eventually(addressed, { describe: 'the pod to be the endpoint of its Service', timeoutMs: 60_000 });
    const told = async () => (await sampan.api.list('/api/v1/events')).length > 0;
    await eventually(told, { describe: 'its events', timeoutMs: 60_000 });
  });

  /** What the program printed for this step. */
  const runIn = async (command: string, program: string, step: string): Promise<unknown> => {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', KUBECONFIG: join(sampan.dataDir, 'kubeconfig') };
    const printed = await dockerd.netns.run(command, [join(PROGRAMS, program), step], { env, timeoutMs: 60_000 });
    return JSON.parse(printed);
  };

  describe('@kubernetes/client-node', () => {
    const run = (step: string) => runIn(process.execPath, 'javascript.ts', step);

    it('creates, lists, replaces, patches in three ways and deletes, and knows a conflict', async () => {
      assert.deepEqual(await run('typed'), {
        createdAt: true,
        listed: ['typed'],
        replaced: { color: 'green' },
        conflict: [409, 'Conflict'],
        patched: { color: 'green', merge: 'yes', strategic: 'yes', json: 'yes' },
        deleted: 'Success',
        missing: [404, 'NotFound'],
      });
    });

    it('applies on the server, and is told whose field it is', async () => {
      assert.deepEqual(await run('untyped'), {
        applied: { color: 'red' },
        owners: ['one', 'two'],
        conflict: [409, 'Conflict'],
        forced: { color: 'blue' },
        listed: 1,
      });
    });

    it('keeps an informer up to date', async () => {
      const seen = ['add before', 'add informed', 'update 2', 'delete informed'];
      assert.deepEqual(await run('informer'), { seen, left: ['before'] });
    });

    it('watches', async () => assert.deepEqual(await run('watch'), ['ADDED watched', 'DELETED watched']));

    it('runs a command with input, and learns its exit code', async () => {
      assert.deepEqual(await run('exec'), { stdout: 'hello\n', stderr: 'err\n', status: 'Failure', exitCode: '3' });
    });

    it('reads output, and follows it', async () => {
      assert.deepEqual(await run('log'), { read: 'ready\n', followed: 'ready\n' });
    });

    it('forwards a port', async () => assert.equal(await run('port-forward'), 'hello\n'));

    it('reads metrics', async () => assert.deepEqual(await run('metrics'), [['cpu', 'memory']]));
  });

  describe('python3-kubernetes', () => {
    before(async function () {
      const { code } = await dockerd.netns.attempt(PYTHON, ['-c', 'import kubernetes']).catch(() => ({ code: 1 }));
      if (code === 0) return;
      if (process.env.CI) throw new Error('python3-kubernetes is not installed');
      console.warn('SKIPPED: python3-kubernetes is not installed');
      this.skip();
    });
    const run = (step: string) => runIn(PYTHON, 'python.py', step);

    it('creates, lists, patches, replaces and deletes, and reads every kind in its own types', async () => {
      const kinds = ['nodes', 'namespaces', 'pods', 'services', 'endpoints', 'endpointslices', 'events', 'leases'];
      assert.deepEqual(await run('typed'), {
        createdInYear: true,
        listed: ['typed'],
        patched: { color: 'red', size: 'large' },
        replaced: { color: 'green' },
        stale: [409, 'Conflict'],
        deleted: 'Success',
        missing: [404, 'NotFound'],
        everyKind: Object.fromEntries([...kinds, 'serviceaccounts'].map((kind) => [kind, true])),
      });
    });

    it('discovers kinds, and creates, patches, watches and deletes by them', async () => {
      assert.deepEqual(await run('untyped'), {
        version: 1,
        patched: { color: 'red' },
        listed: ['dynamic'],
        seen: ['ADDED dynamic', 'DELETED dynamic'],
        missing: 404,
      });
    });

    it('watches from a version', async () => {
      assert.deepEqual(await run('watch'), ['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
    });

    it('runs a command with input, and learns its exit code', async () => {
      assert.deepEqual(await run('exec'), { stdout: 'hello\n', stderr: 'err\n', exitCode: 3 });
    });

    it('reads output', async () => assert.equal(await run('log'), 'ready\n'));
  });
});
