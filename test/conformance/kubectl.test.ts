/**
 * Kubernetes' conformance for kubectl, which runs for real, against the API with the loops that make and remove pods. No container
 * starts. What kubectl does to running ones: test/kubectl/streams.test.ts, test/e2e/streams.test.ts.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { createGarbageCollectorLoop } from '../../reconcilers/garbage-collector/index.ts';
import { createReplicationLoop } from '../../reconcilers/replication/index.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { draftNode } from '../fakes/objects.ts';
import { type RunningLoops, startLoops } from '../fakes/running-loops.ts';
import { eachKubectl } from '../kubectl/harness/each-kubectl.ts';
import { conforms } from './conforms.ts';

const CONTROLLER = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web', labels: { app: 'web', role: 'front' } },
  spec: {
    replicas: 2,
    selector: { app: 'web' },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ name: 'http', containerPort: 6379 }] }] },
    },
  },
};

eachKubectl('conformance', ['1.27', '1.33'], (bed) => {
  let loops: RunningLoops;
  beforeEach(async () => {
    loops = await startLoops(bed().cluster, (deps) => [createReplicationLoop(deps), createGarbageCollectorLoop(deps)]);
  });
  afterEach(async () => {
    await kubectl('delete', 'pods,rc,services', '--all', '--wait=false');
    await loops.settled();
    await loops.stop();
  });

  const kubectl = (...args: string[]) => bed().kubectl.run(args);
  const apply = async (object: object): Promise<void> => {
    await bed().kubectl.run(['create', '-f', '-'], { input: JSON.stringify(object) });
    await loops.settled();
  };
  const jsonOf = async (...args: string[]) => JSON.parse(await kubectl('get', ...args, '-o', 'json'));
  const podNames = async (): Promise<string[]> =>
    (await kubectl('get', 'pods', '-o', 'name')).split('\n').filter(Boolean);
  const imageOf = async (name: string) => (await jsonOf('pod', name)).spec.containers[0].image;

  conforms('13.3', async () => {
    assert.match(
      await kubectl('cluster-info'),
      /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/,
    );
  });

  conforms('13.4', async () => {
    await bed().cluster.registry.create('Node', draftNode('here'));
    await apply(CONTROLLER);
    await kubectl('expose', 'rc', 'web', '--port=80', '--target-port=http');
    const [pod = ''] = await podNames();
    const shows = async (what: readonly string[], ...lines: readonly RegExp[]) => {
      const shown = await kubectl('describe', ...what);
      for (const line of lines) assert.match(shown, line, what.join(' '));
    };
    await shows(
      [pod],
      ...[/^Name: +web-/m, /^Namespace: +default/m, /^Labels: +app=web/m, /^Status: +Pending/m],
      ...[/^Controlled By: +ReplicationController\/web/m, /Image: +web:1/, /6379\/TCP/],
    );
    await shows(
      ['rc', 'web'],
      ...[/^Replicas: +2 current \/ 2 desired/m, /^Pods Status: +0 Running \/ 2 Waiting/m],
      ...[/^Selector: +app=web/m, /^Labels: +app=web\n +role=front/m, /Image: +web:1/],
    );
    await shows(
      ['service', 'web'],
      ...[/^Type: +ClusterIP/m, /^IPs?: +10\.96\.0\.\d+/m, /^TargetPort: +http\/TCP/m],
      ...[/^Endpoints: /m, /^Session Affinity: +None/m],
    );
    await shows(
      ['node', 'here'],
      ...[/^Labels: +kubernetes\.io\/hostname=here/m, /^Capacity:\n +cpu: +2/m, /^Conditions:/m],
      ...[/^Non-terminated Pods: +\(0 in total\)/m, /^CreationTimestamp: /m],
    );
    await shows(['namespace', 'default'], /^Name: +default/m, /^Status: +Active/m);
  });

  conforms('13.5', async () => {
    await kubectl('run', 'once', '--image=web:1', '--restart=Never');
    const { spec } = await jsonOf('pod', 'once');
    assert.deepEqual([spec.restartPolicy, spec.containers[0].image], ['Never', 'web:1']);
  });

  conforms('13.6', async () => {
    await kubectl('run', 'once', '--image=web:1', '--labels=run=once');
    const pod = await jsonOf('pod', 'once');
    pod.spec.containers[0].image = 'web:2';
    await bed().kubectl.run(['replace', '-f', '-'], { input: JSON.stringify(pod) });
    assert.equal(await imageOf('once'), 'web:2');
  });

  conforms('13.7', async () => {
    await apply(CONTROLLER);
    const names = await podNames();
    assert.equal(names.length, 2);
    for (const name of names) await kubectl('patch', name, '-p', '{"metadata":{"annotations":{"x":"y"}}}');
    const { items } = await jsonOf('pods', '-l', 'app=web');
    const annotated = ({ metadata }: { metadata: { annotations: { x?: string } } }) => metadata.annotations.x;
    assert.deepEqual(items.map(annotated), ['y', 'y']);
  });

  conforms('13.8', async () => {
    await kubectl('run', 'once', '--image=web:1');
    await kubectl('label', 'pods', 'once', 'testing-label=testing-value');
    assert.match(await kubectl('get', 'pod', 'once', '-L', 'testing-label'), /testing-value/);
    assert.match(await kubectl('get', 'pods', '-l', 'testing-label=testing-value', '-o', 'name'), /^pod\/once$/m);
    await kubectl('label', 'pods', 'once', 'testing-label-');
    assert.doesNotMatch(await kubectl('get', 'pod', 'once', '-L', 'testing-label'), /testing-value/);
  });

  conforms('13.9', async () => {
    await apply(CONTROLLER);
    await kubectl('expose', 'rc', 'web', '--name=second', '--port=1234', '--target-port=6379');
    await kubectl('expose', 'service', 'second', '--name=third', '--port=2345', '--target-port=6379');
    for (const [name, port] of [
      ['second', 1234],
      ['third', 2345],
    ] as const) {
      const { spec } = await jsonOf('service', name);
      assert.deepEqual(spec.selector, { app: 'web' });
      assert.deepEqual(spec.ports, [{ port, protocol: 'TCP', targetPort: 6379 }]);
    }
  });

  conforms('13.11', async () => {
    const file = bed().kubectl.writeFile('rc.json', JSON.stringify(CONTROLLER));
    await kubectl('create', '-f', file);
    await loops.settled();
    assert.equal((await podNames()).length, 2);
    await kubectl('delete', '--grace-period=0', '--force', '-f', file);
    await loops.settled();
    assert.deepEqual([await kubectl('get', 'rc', '-o', 'name'), await podNames()], ['', []]);
  });

  conforms('13.12', async () => {
    await apply(CONTROLLER);
    for (const replicas of [1, 2]) {
      await kubectl('scale', 'rc', 'web', `--replicas=${replicas}`);
      await loops.settled();
      assert.equal((await podNames()).length, replicas);
    }
  });

  conforms('13.13', async () => {
    await kubectl('run', 'once', '--image=web:1');
    const patch = '{"spec":{"containers":[{"name":"once","image":"web:2"}]}}';
    await kubectl('patch', 'pod', 'once', '-p', patch, '--dry-run=server');
    assert.equal(await imageOf('once'), 'web:1');
  });

  it('diff shows what would change, and changes nothing', async () => {
    await kubectl('run', 'once', '--image=web:1');
    const pod = await jsonOf('pod', 'once');
    pod.spec.containers[0].image = 'web:2';
    const { code, stdout } = await bed().kubectl.attempt(['diff', '-f', '-'], { input: JSON.stringify(pod) });
    assert.equal(code, 1);
    assert.match(stdout, /^-.*image: web:1$/m);
    assert.match(stdout, /^\+.*image: web:2$/m);
    assert.equal(await imageOf('once'), 'web:1');
  });

  /** Starts a proxy, asks it for /api by what it says that it serves on, and ends it. */
  const apiThroughProxy = async (flags: string[], at: (said: string) => object | undefined): Promise<string> => {
    const proxy = bed().kubectl.start(['proxy', ...flags]);
    try {
      const said = /^Starting to serve on (\S+)$/m;
      const where = await eventually(() => at(said.exec(proxy.stdout)?.[1] ?? ''), {
        describe: `kubectl proxy to serve: ${proxy.stderr}`,
        timeoutMs: 30_000,
      });
      return await new Promise((resolve, reject) => {
        request({ ...where, path: '/api/', agent: false }, (response) => {
          response.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
        })
          .on('error', reject)
          .end();
      });
    } finally {
      proxy.process.kill();
    }
  };

  conforms('13.14', async () => {
    const text = await apiThroughProxy(['--port=0'], (said) => {
      const port = Number(said.split(':')[1]);
      return port > 0 ? { host: '127.0.0.1', port } : undefined;
    });
    assert.deepEqual(JSON.parse(text).versions, ['v1']);
  });

  conforms('13.15', async () => {
    const socketPath = join(bed().kubectl.writeFile('proxy', ''), '..', 'proxy.sock');
    const text = await apiThroughProxy([`--unix-socket=${socketPath}`], (said) =>
      said === socketPath ? { socketPath } : undefined,
    );
    assert.deepEqual(JSON.parse(text).versions, ['v1']);
  });
});
