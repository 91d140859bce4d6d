import assert from 'node:assert/strict';
import type { ConfigMap } from '../../../reconcilers/objects/kinds/config-map.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Service } from '../../../reconcilers/objects/service.ts';
import { type ErrorCode, isSampanError } from '../../../reconcilers/ports/errors.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const KEY = { namespace: 'default', name: 'web' };

function pod(overrides: { metadata?: object; spec?: object } = {}): Draft<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...overrides.metadata },
    spec: { containers: [{ name: 'web', image: 'web' }], ...overrides.spec },
  } as Draft<Pod>;
}

function service(name: string, spec: object = {}): Draft<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  } as unknown as Draft<Service>;
}

function configMapNamed(name: string): Draft<ConfigMap> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
}

function fails(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(isSampanError(error, code), `expected ${code}, got ${String(error)}`);
    assert.match(error.message, message);
    return true;
  };
}

describe('Registry', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  it('completes what is created: identity, defaults, generation', async () => {
    const created = await cluster.registry.create('Pod', pod());
    assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.equal(created.metadata.creationTimestamp, '2026-01-02T03:04:05Z');
    assert.equal(created.metadata.generation, 1);
    assert.equal(created.spec.restartPolicy, 'Always');
    assert.equal(created.status.phase, 'Pending');
    assert.deepEqual(await cluster.registry.get('Pod', KEY), created);
  });

  it('keeps the resourceVersion out of the stored value', async () => {
    await cluster.registry.create('Pod', pod());
    const stored = await cluster.store.get('/registry/pods/default/web');
    assert.equal(stored?.value.includes('resourceVersion'), false);
  });

  it('generates names, and refuses one that is taken', async () => {
    const generated = await cluster.registry.create(
      'Pod',
      pod({ metadata: { name: undefined, generateName: 'web-' } }),
    );
    assert.match(generated.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    await cluster.registry.create('Pod', pod());
    await assert.rejects(cluster.registry.create('Pod', pod()), fails('AlreadyExists', /pods "web" already exists/));
  });

  it('says all that is wrong with an object', async () => {
    const bad = pod({ spec: { containers: [{ name: 'Web', image: '' }] } });
    await assert.rejects(
      cluster.registry.create('Pod', bad),
      fails('Invalid', /Pod "web" is invalid: \[.*name.*image/s),
    );
  });

  it('creates nothing in a namespace that is not there, or is going', async () => {
    const elsewhere = pod({ metadata: { namespace: 'shop' } });
    await assert.rejects(cluster.registry.create('Pod', elsewhere), fails('NotFound', /namespaces "shop" not found/));
    await cluster.registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    await cluster.registry.delete('Namespace', { namespace: '', name: 'shop' });
    await assert.rejects(cluster.registry.create('Pod', elsewhere), fails('Forbidden', /being terminated/));
  });

  it('writes only over the version its writer has seen', async () => {
    const created = await cluster.registry.create('Pod', pod());
    const labelled = { ...created, metadata: { ...created.metadata, labels: { a: '1' } } };
    const updated = await cluster.registry.update('Pod', labelled);
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    await assert.rejects(cluster.registry.update('Pod', labelled), fails('Conflict', /has been modified/));
  });

  it('writes nothing where nothing changed', async () => {
    const created = await cluster.registry.create('Pod', pod());
    const again = await cluster.registry.update('Pod', created);
    assert.equal(again.metadata.resourceVersion, created.metadata.resourceVersion);
    const { revision } = await cluster.store.list('/registry/');
    assert.equal(String(revision), created.metadata.resourceVersion);
  });

  it('keeps spec and status apart, and counts generations of the spec', async () => {
    const created = await cluster.registry.create('Pod', pod());
    const withStatus = {
      ...created,
      status: { ...created.status, phase: 'Running' as const },
      spec: { ...created.spec, nodeName: 'n' },
    };
    const running = await cluster.registry.updateStatus('Pod', withStatus);
    assert.equal(running.status.phase, 'Running');
    assert.equal(running.spec.nodeName, undefined);
    assert.equal(running.metadata.generation, 1);
    const image = {
      ...running,
      spec: { ...running.spec, containers: [{ ...running.spec.containers[0], image: 'web:2' }] },
    };
    const updated = await cluster.registry.update('Pod', { ...image, status: { phase: 'Failed' } } as Pod);
    assert.equal(updated.status.phase, 'Running');
    assert.equal(updated.metadata.generation, 2);
  });

  it('binds a pod once', async () => {
    const { metadata } = await cluster.registry.create('Pod', pod());
    const bound = await cluster.registry.bindPod(KEY, metadata.uid, 'node-1');
    assert.equal(bound.spec.nodeName, 'node-1');
    assert.equal(bound.status.conditions?.find((c) => c.type === 'PodScheduled')?.status, 'True');
    await assert.rejects(cluster.registry.bindPod(KEY, metadata.uid, 'node-2'), fails('Conflict', /already assigned/));
  });

  it('deletes a pod that runs gracefully, one that does not at once', async () => {
    const created = await cluster.registry.create('Pod', pod());
    await cluster.registry.bindPod(KEY, created.metadata.uid, 'node-1');
    const marked = await cluster.registry.delete('Pod', KEY);
    assert.equal(marked?.metadata.deletionTimestamp, '2026-01-02T03:04:35Z');
    assert.ok(await cluster.registry.get('Pod', KEY));
    const shorter = await cluster.registry.delete('Pod', KEY, { gracePeriodSeconds: 5 });
    assert.equal(shorter?.metadata.deletionGracePeriodSeconds, 5);
    const longer = await cluster.registry.delete('Pod', KEY, { gracePeriodSeconds: 60 });
    assert.equal(longer?.metadata.deletionGracePeriodSeconds, 5);
    await cluster.registry.delete('Pod', KEY, { gracePeriodSeconds: 0 });
    assert.equal(await cluster.registry.get('Pod', KEY), undefined);
    assert.equal(await cluster.registry.delete('Pod', KEY), undefined);
  });

  it('deletes only what the preconditions name', async () => {
    await cluster.registry.create('Pod', pod());
    await assert.rejects(
      cluster.registry.delete('Pod', KEY, { uid: 'other' }),
      fails('Conflict', /UID in precondition/),
    );
  });

  it('removes an object with its last finalizer', async () => {
    const created = await cluster.registry.create('Service', {
      ...service('web'),
      metadata: { name: 'web', namespace: 'default', finalizers: ['example.com/wait'] },
    });
    const marked = await cluster.registry.delete('Service', KEY);
    assert.ok(marked?.metadata.deletionTimestamp);
    await cluster.registry.update('Service', { ...marked, metadata: { ...marked.metadata, finalizers: [] } });
    assert.equal(await cluster.registry.get('Service', KEY), undefined);
    const again = await cluster.registry.create('Service', service('again', { clusterIP: created.spec.clusterIP }));
    assert.equal(again.spec.clusterIP, created.spec.clusterIP);
  });

  it('lists more than is read from the store at once, as of one revision', async () => {
    const { registry, store } = cluster;
    const names = Array.from({ length: 1_200 }, (_, i) => `c${String(i).padStart(4, '0')}`);
    for (const name of names) await registry.create('ConfigMap', configMapNamed(name));
    const asked = store.list.bind(store);
    let pages = 0;
    store.list = async (prefix, options) => {
      const page = await asked(prefix, options);
      if (!prefix.includes('configmaps')) return page;
      pages += 1;
      // Between two pages somebody deletes what is still to come, and adds to it.
      if (pages === 1) {
        await registry.delete('ConfigMap', { namespace: 'default', name: 'c1100' });
        await registry.create('ConfigMap', configMapNamed('d'));
      }
      return page;
    };
    const before = await store.revision();
    const { items, revision } = await registry.list('ConfigMap', { namespace: 'default' });
    assert.deepEqual([pages, revision], [3, before]);
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      names,
    );
  });

  it('watches: added, changed, deleted, each with a revision of its own', async () => {
    const { revision } = await cluster.registry.list('Pod');
    await cluster.registry.create('Pod', pod());
    await cluster.registry.create('Service', service('web'));
    await cluster.registry.delete('Pod', KEY);
    const seen: string[] = [];
    const stop = new AbortController();
    for await (const batch of cluster.registry.watch(['Pod'], { after: revision, signal: stop.signal })) {
      for (const { type, object } of batch.changes) seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === 2) stop.abort();
    }
    assert.deepEqual(seen, ['ADDED web', 'DELETED web']);
  });

  describe('addresses of Services', () => {
    it('gives each an address of its own and keeps it over updates', async () => {
      const first = await cluster.registry.create('Service', service('first'));
      const second = await cluster.registry.create('Service', service('second', { type: 'NodePort' }));
      assert.match(first.spec.clusterIP, /^10\.96\.0\.\d+$/);
      assert.notEqual(first.spec.clusterIP, second.spec.clusterIP);
      const [port] = second.spec.ports;
      assert.ok(port?.nodePort && port.nodePort >= 30_000 && port.nodePort <= 32_767);
      const redeclared = {
        ...second,
        spec: { ...service('second', { type: 'NodePort' }).spec },
        metadata: { ...second.metadata, resourceVersion: '' },
      };
      const updated = await cluster.registry.update('Service', redeclared as Service);
      assert.deepEqual(
        [updated.spec.clusterIP, updated.spec.ports[0]?.nodePort],
        [second.spec.clusterIP, port.nodePort],
      );
      assert.equal(updated.metadata.resourceVersion, second.metadata.resourceVersion);
    });

    it('does not call an address taken that the Service has itself: it is there already', async () => {
      const wished = service('wished', { clusterIP: '10.96.0.7' });
      await cluster.registry.create('Service', wished);
      await assert.rejects(
        cluster.registry.create('Service', wished),
        fails('AlreadyExists', /"wished" already exists/),
      );
    });

    it('refuses what is taken or out of range, and honours wishes', async () => {
      const wished = await cluster.registry.create('Service', service('wished', { clusterIP: '10.96.0.7' }));
      assert.equal(wished.spec.clusterIP, '10.96.0.7');
      const again = service('again', { clusterIP: '10.96.0.7' });
      await assert.rejects(
        cluster.registry.create('Service', again),
        fails('Invalid', /provided IP is already allocated/),
      );
      const foreign = service('foreign', { clusterIP: '10.97.0.7' });
      await assert.rejects(
        cluster.registry.create('Service', foreign),
        fails('Invalid', /not in the valid range.*10\.96\.0\.0\/24/),
      );
      const low = service('low', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] });
      await assert.rejects(
        cluster.registry.create('Service', low),
        fails('Invalid', /range of valid ports is 30000-32767/),
      );
    });

    it('gives addresses back, and runs out with a sentence', async () => {
      const small = await createTestCluster({ serviceCidr: '10.96.0.0/27' });
      const names: string[] = [];
      await assert.rejects(
        async () => {
          for (let i = 0; i < 40; i++)
            names.push((await small.registry.create('Service', service(`s${i}`))).metadata.name);
        },
        fails('AddressesExhausted', /no free cluster IP is left in 10\.96\.0\.0\/27/),
      );
      assert.ok(names.length >= 15, `only ${names.length} addresses of a /27`);
      await small.registry.delete('Service', { namespace: 'default', name: names[0] as string });
      await small.registry.create('Service', service('last'));
    });

    it('never gives one address twice to writers at once', async () => {
      const services = await Promise.all(
        Array.from({ length: 100 }, (_, i) => cluster.registry.create('Service', service(`s${i}`))),
      );
      assert.equal(new Set(services.map(({ spec }) => spec.clusterIP)).size, 100);
    });
  });
});
