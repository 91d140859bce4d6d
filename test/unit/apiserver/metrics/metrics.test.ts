import assert from 'node:assert/strict';
import { formatDuration } from '../../../../daemon/apiserver/metrics/metrics-objects.ts';
import type { Nodes } from '../../../../daemon/apiserver/nodes/nodes.ts';
import type { StatsSummary } from '../../../../daemon/serving/stats-summary.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import type { ResourceUsage } from '../../../../reconcilers/ports/container-runtime.ts';
import { type Answer, type HttpBed, startHttpBed } from '../http-bed.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describe('metrics.k8s.io', () => {
  let bed: HttpBed;
  /** Nodes that were asked. */
  let asked: string[];
  /** Of pods by uid: their nodes. */
  let running: Map<string, string>;

  before(async () => {
    asked = [];
    running = new Map();
    let startedAt = 0;
    const usage = (cores: number, memoryBytes: number) => {
      const at = bed.cluster.clock.now();
      return { at, cpuNanos: (at - startedAt) * cores * 1e6, memoryBytes };
    };
    const summaryOf = (nodeName: string): StatsSummary => {
      const stats = (read: ResourceUsage) => {
        const time = new Date(read.at).toISOString();
        return {
          cpu: { time, usageCoreNanoSeconds: read.cpuNanos },
          memory: { time, workingSetBytes: read.memoryBytes },
        };
      };
      const container = (name: string) => ({
        name,
        startTime: '2026-01-01T00:00:00Z',
        ...stats(name === 'side' ? usage(0.001, 4096) : usage(0.5, 3 * 2 ** 20)),
      });
      const pods = [...running].filter(([, node]) => node === nodeName);
      return {
        node: { nodeName, ...stats(usage(nodeName === 'node-1' ? 1.25 : 0.25, 2 ** 30 + 4096)) },
        pods: pods.map(([uid]) => ({
          podRef: { name: '', namespace: '', uid },
          containers: ['app', 'side'].map(container),
        })),
      };
    };
    const nodes = {
      summary: async (nodeName: string) => {
        asked.push(nodeName);
        if (nodeName === 'silent') throw new Error('it does not answer');
        return summaryOf(nodeName);
      },
    } as unknown as Nodes;
    bed = await startHttpBed(undefined, { nodes });
    const { registry } = bed.cluster;
    startedAt = bed.cluster.clock.now();
    for (const name of ['node-1', 'node-2', 'silent', 'lost']) {
      const type = 'Ready';
      const node = await registry.create('Node', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { name } },
        spec: {},
        status: {},
      });
      const conditions = [{ type, status: name === 'lost' ? ('Unknown' as const) : ('True' as const) }];
      await registry.updateStatus('Node', { ...node, status: { conditions } });
    }
    await registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other' },
      spec: {},
      status: { phase: 'Active' },
    });
    await runs('default', 'web', 'node-1', ['app', 'side']);
    await runs('other', 'db', 'node-1', ['app']);
    await runs('default', 'away', 'node-2', ['app']);
    await runs('default', 'quiet', 'silent', ['app']);
    await runs('default', 'gone', 'lost', ['app']);
    await runs('default', 'ended', 'node-1', ['app'], 'Succeeded');
  });
  after(() => bed.close());

  const runs = async (
    namespace: string,
    name: string,
    nodeName: string,
    containers: string[],
    phase: Pod['status']['phase'] = 'Running',
  ) => {
    const { registry } = bed.cluster;
    const pod = await registry.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, labels: { app: name } },
      spec: { nodeName, containers: containers.map((each) => ({ name: each, image: 'x' })) } as Pod['spec'],
      status: {} as Pod['status'],
    });
    running.set(pod.metadata.uid, nodeName);
    const containerStatuses = containers.map((each) => ({
      name: each,
      image: 'x',
      imageID: '',
      containerID: `docker://${name}-${each}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      lastState: {},
    }));
    await registry.updateStatus('Pod', { ...pod, status: { phase, containerStatuses } });
  };

  const get = async (path: string, accept = 'application/json', method = 'GET') => {
    const asking = bed.get(`/apis/metrics.k8s.io/v1beta1${path}`, { accept }, method);
    let answer: Answer | undefined;
    void asking.then((given) => {
      answer = given;
    });
    // What waits for a second look.
    while (answer === undefined) await bed.cluster.clock.advance(1000);
    return { status: answer.status, body: answer.json() };
  };

  it('tells what the machine uses as its node', async () => {
    const { body } = await get('/nodes/node-1');
    assert.deepEqual(
      { ...body, metadata: { ...body.metadata, creationTimestamp: '' }, timestamp: '', window: '' },
      {
        kind: 'NodeMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: { name: 'node-1', creationTimestamp: '', labels: { name: 'node-1' } },
        timestamp: '',
        window: '',
        usage: { cpu: '1250m', memory: '1048580Ki' },
      },
    );
    assert.match(body.timestamp, /^2026-01-02T\d\d:\d\d:\d\dZ$/);
    assert.match(body.window, /^\d+(\.\d+)?s$/);
  });

  it('lists the nodes that are ready and answer, and selects them', async () => {
    const names = async (path: string) => (await get(path)).body.items.map(({ metadata }: Pod) => metadata.name);
    const { body } = await get('/nodes');
    assert.deepEqual([body.kind, body.items[0].kind], ['NodeMetricsList', undefined]);
    assert.deepEqual(await names('/nodes'), ['node-1', 'node-2']);
    assert.deepEqual(await names('/nodes?labelSelector=name%3Dnode-2'), ['node-2']);
    assert.ok(asked.includes('silent') && !asked.includes('lost'), String(asked));
  });

  it('tells what each container of a pod uses', async () => {
    const { body } = await get('/namespaces/default/pods/web');
    assert.equal(body.kind, 'PodMetrics');
    assert.deepEqual(body.metadata.labels, { app: 'web' });
    assert.deepEqual(body.containers, [
      { name: 'app', usage: { cpu: '500m', memory: '3Mi' } },
      { name: 'side', usage: { cpu: '1m', memory: '4Ki' } },
    ]);
  });

  it('lists those that run on any node, of one namespace or of all, by labels and fields', async () => {
    const names = async (path: string) =>
      (await get(path)).body.items.map(({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(await names('/pods'), ['default/away', 'default/web', 'other/db']);
    assert.deepEqual(await names('/namespaces/default/pods'), ['default/away', 'default/web']);
    assert.deepEqual(await names('/pods?labelSelector=app%3Ddb'), ['other/db']);
    assert.deepEqual(await names('/pods?fieldSelector=metadata.name%3Dweb'), ['default/web']);
  });

  it('is printed as a table with the sum of the containers', async () => {
    const { body } = await get('/namespaces/default/pods', TABLE);
    assert.equal(body.kind, 'Table');
    assert.deepEqual(
      body.columnDefinitions.map(({ name }: { name: string }) => name),
      ['Name', 'cpu', 'memory', 'Window'],
    );
    assert.deepEqual(body.rows[1].cells.slice(0, 3), ['web', '501m', '3076Ki']);
    assert.equal(body.rows[1].object.metadata.namespace, 'default');
  });

  it('says what is not there, and what it does not do', async () => {
    assert.equal((await get('/namespaces/default/pods/nobody')).body.message, 'pods "nobody" not found');
    const ended = await get('/namespaces/default/pods/ended');
    assert.deepEqual([ended.status, ended.body.message], [404, 'pods.metrics.k8s.io "default/ended" not found']);
    assert.equal((await get('/nodes/silent')).status, 404);
    assert.equal((await get('/nodes/lost')).status, 404);
    assert.equal((await get('/pods/web')).status, 404);
    assert.equal((await get('/nodes', 'application/json', 'DELETE')).status, 405);
    assert.equal((await get('/nodes?watch=true')).status, 405);
    assert.equal((await get('/nodes', 'application/vnd.kubernetes.protobuf')).status, 406);
    assert.equal((await get('/nodes?labelSelector=%21%21')).status, 400);
  });

  it('prints durations as Go does', () => {
    assert.deepEqual([750, 1003, 15_000, 90_500, 60_000].map(formatDuration), [
      '750ms',
      '1.003s',
      '15s',
      '1m30.5s',
      '1m0s',
    ]);
  });
});
