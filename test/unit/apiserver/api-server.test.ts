import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import type { Table } from '../../../daemon/apiserver/table.ts';
import { ApiConnection, SOCKET_NAME, TABLE_ACCEPT } from '../../../daemon/cli/api-connection.ts';
import { layOutTable } from '../../../daemon/cli/table-layout.ts';
import { containerLabels } from '../../../reconcilers/kubelet/identity.ts';
import type { KubeObject } from '../../../reconcilers/objects/meta.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { nodeDeps } from '../../fakes/fake-node.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const PODS = '/api/v1/namespaces/default/pods';

interface WatchEvent {
  readonly type: string;
  readonly object: KubeObject & { code?: number; reason?: string };
}

function pod(name: string, labels: Record<string, string> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      containers: [
        { name: 'web', image: 'web' },
        { name: 'side', image: 'side' },
      ],
    },
  };
}

describe('ApiServer', () => {
  let cluster: TestCluster;
  let runtime: FakeRuntime;
  let server: ApiServer;
  let api: ApiConnection;
  let folder: string;

  beforeEach(async () => {
    cluster = await createTestCluster();
    folder = mkdtempSync(join(tmpdir(), 'sampan-api-'));
    runtime = new FakeRuntime(cluster);
    runtime.addImage('side', { output: [{ stream: 'stdout', text: 'side says hello\n' }] });
    server = new ApiServer({
      client: cluster.registry,
      ...nodeDeps(cluster, runtime),
      cache: followedCache(cluster.registry, cluster.clock),
      diagnostics: () => ({ version: 'test' }),
      version: 'test',
      health: { live: [], ready: [] },
      clock: cluster.clock,
      log: new CollectedLog(),
    });
    await server.listen(join(folder, SOCKET_NAME));
    api = new ApiConnection(folder);
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const create = (name: string, labels?: Record<string, string>) =>
    api.json<KubeObject>(PODS, { method: 'POST', body: pod(name, labels) });

  it('may only be opened by its owner', () => {
    assert.equal(statSync(join(folder, SOCKET_NAME)).mode & 0o777, 0o600);
  });

  it('creates, shows, replaces, patches and deletes', async () => {
    const created = await create('web');
    assert.deepEqual(await api.json(`${PODS}/web`), created);
    const labelled = { ...created, metadata: { ...created.metadata, labels: { a: '1' } } };
    const replaced = await api.json<KubeObject>(`${PODS}/web`, { method: 'PUT', body: labelled });
    assert.deepEqual(replaced.metadata.labels, { a: '1' });
    const merged = await api.json<KubeObject>(`${PODS}/web`, {
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { a: null, b: '2' } } },
    });
    assert.deepEqual(merged.metadata.labels, { b: '2' });
    const patched = await api.json<KubeObject>(`${PODS}/web`, {
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/metadata/labels/b', value: '3' }],
    });
    assert.deepEqual(patched.metadata.labels, { b: '3' });
    await api.json(`${PODS}/web`, { method: 'DELETE' });
    await assert.rejects(api.json(`${PODS}/web`), /pods "web" not found/);
  });

  it('refuses a stale replace, an unknown field, and a body for another URL', async () => {
    const created = await create('web');
    await api.json(`${PODS}/web`, {
      method: 'PUT',
      body: { ...created, metadata: { ...created.metadata, labels: { a: '1' } } },
    });
    await assert.rejects(
      api.json(`${PODS}/web`, { method: 'PUT', body: { ...created, metadata: { ...created.metadata, labels: {} } } }),
      /has been modified/,
    );
    const odd = { ...pod('odd'), spec: { ...pod('odd').spec, replica: 3 } };
    await assert.rejects(
      api.json(`${PODS}?fieldValidation=Strict`, { method: 'POST', body: odd }),
      /strict decoding error: unknown field "spec.replica"/,
    );
    await assert.rejects(
      api.json(`${PODS}/other`, { method: 'PUT', body: created }),
      /does not match the name on the URL/,
    );
    const elsewhere = { ...pod('x'), metadata: { name: 'x', namespace: 'shop' } };
    await assert.rejects(api.json(PODS, { method: 'POST', body: elsewhere }), /does not match the namespace/);
    await assert.rejects(api.json('/api/v1/namespaces/default/widgets'), /could not find the requested resource/);
  });

  it('lists by label and field', async () => {
    await create('a', { app: 'web' });
    await create('b', { app: 'db' });
    const names = async (query: string) =>
      (await api.json<{ items: KubeObject[] }>(`${PODS}?${query}`)).items.map((item) => item.metadata.name);
    assert.deepEqual(await names('labelSelector=app%3Dweb'), ['a']);
    assert.deepEqual(await names('labelSelector=app+in+(web,db)'), ['a', 'b']);
    assert.deepEqual(await names('fieldSelector=metadata.name%3Db'), ['b']);
    await assert.rejects(names('fieldSelector=spec.colour%3Dred'), /field label not supported: spec.colour/);
  });

  it('prints tables as kubectl does', async () => {
    await create('web');
    await cluster.clock.advance(130_000);
    const table = await api.json<Table>(PODS, { accept: TABLE_ACCEPT });
    assert.equal(
      layOutTable(table, { wide: false, namespaces: true, upper: true }),
      'NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE\ndefault     web    0/2     Pending   0          2m10s\n',
    );
  });

  it('watches through a selector: entering is ADDED, leaving is DELETED', async () => {
    const first = await create('a', { app: 'web' });
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const path = `${PODS}?watch=true&labelSelector=app%3Dweb&resourceVersion=0`;
      for await (const { type, object } of api.lines<WatchEvent>(path, { signal: stop.signal })) {
        seen.push(`${type} ${object.metadata.name}`);
        if (seen.length === 1) {
          await create('b', { app: 'db' });
          const label = (name: string, app: string) =>
            api.json(`${PODS}/${name}`, {
              method: 'PATCH',
              contentType: 'application/merge-patch+json',
              body: { metadata: { labels: { app } } },
            });
          await label('b', 'web');
          await label(first.metadata.name, 'db');
          await api.json(`${PODS}/b`, { method: 'DELETE' });
        }
        if (seen.length === 4) break;
      }
    })();
    await watching;
    assert.deepEqual(seen, ['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b']);
    stop.abort();
  });

  it('tells a watcher that is too old to list again', async () => {
    await create('a');
    const { revision } = await cluster.store.list('/registry/');
    await create('b');
    await cluster.store.compact(revision + 1);
    const events: WatchEvent[] = [];
    for await (const event of api.lines<WatchEvent>(`${PODS}?watch=true&resourceVersion=1`)) events.push(event);
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.code, object.reason]),
      [['ERROR', 410, 'Expired']],
    );
  });

  it("serves a container's output, and asks which where there are several", async () => {
    const { metadata } = await create('web');
    const key = { namespace: 'default', name: 'web' };
    await cluster.registry.bindPod(key, metadata.uid, 'here');
    const identity = { pod: { ...key, uid: metadata.uid }, container: 'side', instance: 'test', specHash: 'v1-x' };
    const labels = containerLabels({ ...identity, attempt: 0, sandboxAttempt: 0, crashes: 0, graceSeconds: 1 });
    const network = { kind: 'host' } as const;
    await runtime.start(await runtime.create({ name: 'web-side', image: 'side', labels, network }));
    const text = async (path: string) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await api.stream(path)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    assert.equal(await text(`${PODS}/web/log?container=side`), 'side says hello\n');
    await assert.rejects(
      text(`${PODS}/web/log`),
      /a container name must be specified for pod web, choose one of: \[web side\]/,
    );
    await assert.rejects(text(`${PODS}/web/log?container=nope`), /container nope is not valid for pod web/);
  });

  it('says where no daemon listens', async () => {
    await assert.rejects(new ApiConnection('/nonexistent').json('/healthz'), /no daemon runs with this data dir/);
  });
});
