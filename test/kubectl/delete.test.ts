/** `kubectl delete` in its forms, and what it waits for. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

eachKubectl('delete', ['1.27', '1.30', '1.33'], (bed) => {
  const run = (...args: string[]) => bed().kubectl.run(args);
  const attempt = (...args: string[]) => bed().kubectl.attempt(args);
  const maps = async (): Promise<string[]> =>
    (await bed().cluster.registry.list('ConfigMap')).items.map(({ metadata }) => metadata.name);
  const make = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      const metadata = { name, namespace: 'default', labels: { letter: name } };
      await bed().cluster.registry.create('ConfigMap', { metadata } as never);
    }
  };

  it('takes names, selectors, files, all', async () => {
    await make('a', 'b', 'c', 'd', 'e', 'f');
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' } };
    const path = bed().kubectl.writeFile('d.json', JSON.stringify(manifest));
    const dry = await run('delete', 'cm', 'a', '--dry-run=server');
    assert.match(dry, /^configmap "a" deleted (from default namespace )?\(server dry run\)$/m);
    assert.equal((await maps()).length, 6);
    const [two, selected, ofFile] = await Promise.all([
      run('delete', 'cm', 'a', 'b'),
      run('delete', 'cm', '-l', 'letter=c'),
      run('delete', '-f', path),
    ]);
    assert.match(two, /^configmap "a" deleted.*\nconfigmap "b" deleted/);
    assert.match(selected, /^configmap "c" deleted/);
    assert.match(ofFile, /^configmap "d" deleted/);
    assert.deepEqual(await maps(), ['e', 'f']);
    await run('delete', 'cm', '--all');
    assert.deepEqual(await maps(), []);
    const [missing, ignored] = await Promise.all([
      attempt('delete', 'cm', 'a'),
      attempt('delete', '-f', path, '--ignore-not-found'),
    ]);
    assert.deepEqual([missing.code, missing.stderr], [1, 'Error from server (NotFound): configmaps "a" not found\n']);
    assert.equal(ignored.code, 0);
  });

  it('waits until the last finalizer is gone', async () => {
    const { registry } = bed().cluster;
    const key = { namespace: 'default', name: 'held' };
    await registry.create('ConfigMap', { metadata: { ...key, finalizers: ['test.dev/one'] } } as never);
    const waiting = bed().kubectl.start(['delete', 'cm', 'held']);
    const ended = new Promise<number | null>((resolve) => waiting.process.once('close', resolve));
    await marked(key);
    const held = await registry.get('ConfigMap', key);
    assert.ok(held && waiting.process.exitCode === null);
    const { finalizers: _, ...metadata } = held.metadata;
    await registry.update('ConfigMap', { ...held, metadata });
    assert.equal(await ended, 0, waiting.stderr);
    assert.match(waiting.stdout, /^configmap "held" deleted/);
  });

  /** Resolves when a watcher sees the ConfigMap marked for deletion. */
  async function marked(key: { namespace: string; name: string }): Promise<void> {
    const stop = new AbortController();
    const after = await bed().cluster.store.revision();
    const first = await bed().cluster.registry.get('ConfigMap', key);
    if (first?.metadata.deletionTimestamp !== undefined) return;
    for await (const { changes } of bed().cluster.registry.watch(['ConfigMap'], { after, signal: stop.signal })) {
      if (changes.some(({ object }) => object.metadata.deletionTimestamp !== undefined)) stop.abort();
    }
  }

  it('says how dependents go: in the background, first, or not at all', async () => {
    const { registry } = bed().cluster;
    const spec = {
      selector: { app: 'web' },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
    };
    for (const [cascade, finalizers] of [
      ['background', undefined],
      ['foreground', ['foregroundDeletion']],
      ['orphan', ['orphan']],
    ] as const) {
      const key = { namespace: 'default', name: cascade };
      await registry.create('ReplicationController', { metadata: key, spec } as never);
      await run('delete', 'rc', cascade, `--cascade=${cascade}`, '--wait=false');
      const left = await registry.get('ReplicationController', key);
      assert.deepEqual(left?.metadata.finalizers, finalizers);
    }
  });

  it('gives a running pod its time, less of it, or none', async () => {
    const { registry } = bed().cluster;
    const key = (name: string) => ({ namespace: 'default', name });
    for (const name of ['slow', 'now', 'force']) {
      const containers = [{ name: 'web', image: 'web' }];
      await registry.create('Pod', { metadata: key(name), spec: { containers, nodeName: 'n1' } } as never);
    }
    const [, , forced] = await Promise.all([
      run('delete', 'pod', 'slow', '--wait=false'),
      run('delete', 'pod', 'now', '--now', '--wait=false'),
      attempt('delete', 'pod', 'force', '--grace-period=0', '--force'),
    ]);
    const graceOf = async (name: string) => (await registry.get('Pod', key(name)))?.metadata.deletionGracePeriodSeconds;
    assert.deepEqual([await graceOf('slow'), await graceOf('now')], [30, 1]);
    assert.match(forced.stderr, /Immediate deletion does not wait for confirmation/);
    assert.match(forced.stdout, /^pod "force" force deleted/);
    assert.equal(await registry.get('Pod', key('force')), undefined);
    assert.match(await run('get', 'pods'), /^slow +0\/1 +Terminating /m);
  });

  it('only marks a namespace, and says of one that everything stands on that it stays', async () => {
    await run('create', 'namespace', 'shop');
    await run('delete', 'namespace', 'shop', '--wait=false');
    const [shown, refused, kept] = await Promise.all([
      run('get', 'ns', 'shop', '--no-headers'),
      attempt('create', 'configmap', 'late', '-n', 'shop'),
      attempt('delete', 'ns', 'default'),
    ]);
    assert.match(shown, /^shop +Terminating /);
    assert.match(
      refused.stderr,
      /configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated/,
    );
    assert.equal(
      kept.stderr,
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted\n',
    );
  });
});
