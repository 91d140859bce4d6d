/** manifest-sync end to end over the registry: what is applied, merged, moved, pruned, refused and kept. */
import assert from 'node:assert/strict';
import { createManifestSyncLoop } from '../../../reconcilers/manifest-sync/index.ts';
import type { ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import {
  ANNOTATION_CONFIRM_PRUNE,
  ANNOTATION_DECLARED_AT,
  ANNOTATION_SOURCE,
} from '../../../reconcilers/objects/source.ts';
import { FakeSource } from '../../fakes/fake-source.ts';
import { controller, pod, SyncFixture, service } from './sync-fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });

describe('manifest-sync', () => {
  let fixture: SyncFixture;
  const setUp = async (options: Parameters<typeof SyncFixture.create>[0] = {}) => {
    fixture = await SyncFixture.create(options);
  };
  beforeEach(() => setUp());
  afterEach(() => fixture.close());

  const rc = async (name: string): Promise<ObjectOf<'ReplicationController'>> => {
    const found = await fixture.client.get('ReplicationController', key(name));
    assert.ok(found, `there is no controller ${name}`);
    return found;
  };
  const names = async () =>
    (await fixture.client.list('ReplicationController')).items.map(({ metadata }) => metadata.name).sort();
  const inventory = async () =>
    (await fixture.status()).inventory.map(({ kind, name, file, line }) => `${kind} ${name} ${file}:${line}`);

  describe('applying', () => {
    it('records the inventory before the first object and the outcome after the last', async () => {
      const revision = fixture.source.set({ 'a.yaml': `${controller('web')}---\n${service('web')}` });
      assert.deepEqual(await fixture.sync(), ['record-source', 'create-object', 'create-object', 'record-status']);
      const status = await fixture.status();
      assert.equal(status.appliedRevision, revision);
      assert.equal(status.appliedAt, '2026-01-02T03:04:05Z');
      assert.deepEqual(await inventory(), ['Service web a.yaml:16', 'ReplicationController web a.yaml:1']);
      assert.deepEqual(
        status.history.map(({ outcome, created, message }) => [outcome, created, message]),
        [['Applied', 2, 'a commit']],
      );
      assert.deepEqual(await fixture.condition('Ready'), {
        status: 'True',
        reason: 'Applied',
        message: `${revision.slice(0, 7)} is applied`,
      });
      const { annotations } = (await rc('web')).metadata;
      assert.equal(annotations?.[ANNOTATION_SOURCE], 'web');
      assert.equal(annotations?.[ANNOTATION_DECLARED_AT], 'a.yaml:1');
    });

    it('writes nothing when nothing changed, also after a rescan and a restart', async () => {
      fixture.source.set({ 'a.yaml': `${controller('web')}---\n${service('web')}---\n${pod('job')}` });
      await fixture.sync();
      const before = (await fixture.cluster.registry.list('Source')).revision;
      fixture.source.touch();
      assert.deepEqual(await fixture.sync(), []);
      await fixture.restart();
      assert.deepEqual(await fixture.sync(), []);
      assert.equal((await fixture.cluster.registry.list('Source')).revision, before);
    });

    it('reads the source once for many looks', async () => {
      fixture.source.set({ 'a.yaml': controller('web') });
      await fixture.sync();
      const { reads } = fixture.source;
      await fixture.sync();
      await fixture.sync();
      assert.equal(fixture.source.reads, reads);
    });

    it('applies a changed field and leaves what others added', async () => {
      fixture.source.set({ 'a.yaml': controller('web', { replicas: 1 }) });
      await fixture.sync();
      const live = await rc('web');
      await fixture.client.update('ReplicationController', {
        ...live,
        metadata: { ...live.metadata, labels: { ...live.metadata.labels, team: 'blue' } },
      });
      fixture.source.set({ 'a.yaml': controller('web', { replicas: 3 }) });
      assert.deepEqual(await fixture.sync(), ['patch-object', 'record-status']);
      const patched = await rc('web');
      assert.equal(patched.spec.replicas, 3);
      assert.equal(patched.metadata.labels?.team, 'blue');
      assert.equal((await fixture.status()).history[0]?.changed, 1);
    });

    it('does not take status and defaulted fields for drift', async () => {
      fixture.source.set({ 'a.yaml': `${controller('web')}---\n${service('web')}` });
      await fixture.sync();
      const live = await rc('web');
      await fixture.client.updateStatus('ReplicationController', {
        ...live,
        status: { replicas: 1, readyReplicas: 1 },
      });
      assert.deepEqual(await fixture.sync(), []);
    });

    it('does not take for drift what defaulting would add to an object of an older version', async () => {
      fixture.source.set({ 'a.yaml': service('web') });
      await fixture.sync();
      const { store } = fixture.cluster;
      const key = '/registry/services/specs/default/web';
      const { spec, ...rest } = JSON.parse((await store.get(key))?.value ?? '');
      const { internalTrafficPolicy: _policy, ipFamilies: _families, ipFamilyPolicy: _familyPolicy, ...old } = spec;
      await store.commit({
        conditions: [],
        writes: [{ op: 'put', key, value: JSON.stringify({ ...rest, spec: old }) }],
      });
      await fixture.restart();
      assert.deepEqual(await fixture.sync(), []);
    });

    it('puts back what others changed of declared fields, with an event', async () => {
      fixture.source.set({ 'a.yaml': controller('web', { replicas: 2 }) });
      await fixture.sync();
      const live = await rc('web');
      await fixture.client.update('ReplicationController', { ...live, spec: { ...live.spec, replicas: 9 } });
      assert.deepEqual(await fixture.sync(), ['patch-object']);
      assert.equal((await rc('web')).spec.replicas, 2);
      const event = fixture.events.find(({ reason }) => reason === 'DriftCorrected');
      assert.equal(event?.message, 'spec.replicas differed from what a.yaml:1 declares, and was put back');
    });

    it('creates again what others deleted', async () => {
      fixture.source.set({ 'a.yaml': controller('web') });
      await fixture.sync();
      await fixture.client.delete('ReplicationController', key('web'));
      assert.deepEqual(await fixture.sync(), ['create-object']);
    });

    it('keeps the addresses of a Service through changes', async () => {
      fixture.source.set({ 'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80 }]') });
      await fixture.sync();
      const before = await fixture.client.get('Service', key('web'));
      fixture.source.set({ 'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80, targetPort: 8080 }]') });
      assert.deepEqual(await fixture.sync(), ['patch-object', 'record-status']);
      const after = await fixture.client.get('Service', key('web'));
      assert.equal(after?.spec.clusterIP, before?.spec.clusterIP);
      assert.equal(after?.spec.ports[0]?.nodePort, before?.spec.ports[0]?.nodePort);
      assert.equal(after?.spec.ports[0]?.targetPort, 8080);
    });

    it('turns a NodePort Service into a ClusterIP one', async () => {
      fixture.source.set({ 'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80, nodePort: 30002 }]') });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': service('web') });
      assert.deepEqual(await fixture.sync(), ['patch-object', 'record-status']);
      const after = await fixture.client.get('Service', key('web'));
      assert.equal(after?.spec.type, 'ClusterIP');
      assert.equal(after?.spec.ports[0]?.nodePort, undefined);
    });

    it('keeps a cluster IP that is declared no more', async () => {
      fixture.source.set({ 'a.yaml': service('web', 'clusterIP: 10.96.0.77\n  ports: [{ port: 80 }]') });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': service('web') });
      await fixture.sync();
      assert.equal((await fixture.client.get('Service', key('web')))?.spec.clusterIP, '10.96.0.77');
    });

    it('hands a node port from a renamed Service to its successor in one commit', async () => {
      fixture.source.set({ 'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80, nodePort: 30002 }]') });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': service('www', 'type: NodePort\n  ports: [{ port: 80, nodePort: 30002 }]') });
      await fixture.sync();
      assert.equal((await fixture.condition('Ready')).status, 'True');
      assert.equal(await fixture.client.get('Service', key('web')), undefined);
      assert.equal((await fixture.client.get('Service', key('www')))?.spec.ports[0]?.nodePort, 30_002);
    });

    it('hands a node port on between two Services that stay, whatever their order', async () => {
      const ports = (nodePort: number) => `type: NodePort\n  ports: [{ port: 80, nodePort: ${nodePort} }]`;
      fixture.source.set({ 'a.yaml': service('a', ports(30_001)), 'b.yaml': service('b', ports(30_002)) });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': service('a', ports(30_002)), 'b.yaml': service('b', ports(30_003)) });
      await fixture.sync();
      assert.equal((await fixture.condition('Ready')).status, 'True');
      assert.equal((await fixture.client.get('Service', key('a')))?.spec.ports[0]?.nodePort, 30_002);
    });

    it('deletes a pod whose spec cannot be changed and creates it anew when it is gone', async () => {
      fixture.source.set({ 'a.yaml': pod('job', 'nginx', 'one') });
      await fixture.sync();
      const created = await fixture.client.get('Pod', key('job'));
      await fixture.client.bindPod(key('job'), created?.metadata.uid ?? '', 'node-1');
      const revision = fixture.source.set({ 'a.yaml': pod('job', 'nginx', 'two') });
      assert.deepEqual(await fixture.sync(), ['replace-object', 'record-status']);
      assert.equal((await fixture.condition('Ready')).reason, 'Progressing');
      assert.match(await fixture.because(), /waiting for Pod default\/job to be gone/);
      assert.equal(fixture.events.at(-1)?.reason, 'Replaced');

      await fixture.client.delete('Pod', key('job'), { gracePeriodSeconds: 0 }); // the kubelet has stopped it
      assert.deepEqual(await fixture.sync(), ['create-object', 'record-status']);
      assert.deepEqual((await fixture.client.get('Pod', key('job')))?.spec.containers[0]?.command, ['two']);
      assert.equal((await fixture.status()).appliedRevision, revision);
    });
  });

  describe('moving and pruning', () => {
    it('takes a renamed file for a move: nothing but its place changes', async () => {
      fixture.source.set({ 'a.yaml': controller('web') });
      await fixture.sync();
      const before = await rc('web');
      fixture.source.set({ 'sub/b.yaml': controller('web') });
      assert.deepEqual(await fixture.sync(), ['patch-object', 'record-status']);
      const after = await rc('web');
      assert.equal(after.metadata.uid, before.metadata.uid);
      assert.equal(after.metadata.generation, before.metadata.generation);
      assert.deepEqual(await inventory(), ['ReplicationController web sub/b.yaml:1']);
    });

    it('deletes what a removed file declared, then shrinks the inventory', async () => {
      fixture.source.set({ 'a.yaml': controller('a'), 'b.yaml': controller('b') });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': controller('a') });
      assert.deepEqual(await fixture.sync(), ['delete-object', 'record-status', 'record-status']);
      assert.deepEqual(await names(), ['a']);
      assert.deepEqual(await inventory(), ['ReplicationController a a.yaml:1']);
      assert.equal((await fixture.status()).history[0]?.pruned, 1);
    });

    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.yaml`, controller(`web-${i}`)]));

    it('refuses to delete more than half until that is confirmed', async () => {
      fixture.source.set(many(6));
      await fixture.sync();
      const revision = fixture.source.set({ ...many(2), 'new.yaml': controller('new') });
      assert.deepEqual(await fixture.sync(), ['record-status']);
      assert.equal((await names()).length, 6);
      const { reason, message } = await fixture.condition('PruneConfirmed');
      assert.equal(reason, 'PruneLimit');
      assert.match(message ?? '', /would delete 4 of 6 objects, more than 50 %: ReplicationController default\/web-2/);
      assert.equal((await fixture.status()).history[0]?.outcome, 'PruneRefused');
      assert.deepEqual(await fixture.sync(), []);

      const source = await fixture.client.get('Source', { namespace: '', name: 'web' });
      assert.ok(source);
      const annotations = { [ANNOTATION_CONFIRM_PRUNE]: revision };
      await fixture.client.update('Source', { ...source, metadata: { ...source.metadata, annotations } });
      await fixture.sync();
      assert.deepEqual(await names(), ['new', 'web-0', 'web-1']);
      assert.equal((await fixture.condition('PruneConfirmed')).status, 'True');
    });

    it('prunes three objects without asking, and four of many', async () => {
      fixture.source.set(many(3));
      await fixture.sync();
      fixture.source.set({});
      await fixture.sync();
      assert.deepEqual(await names(), []);
      fixture.source.set(many(10));
      await fixture.sync();
      fixture.source.set(many(6));
      await fixture.sync();
      assert.equal((await names()).length, 6);
    });

    it('never prunes while the source is unreachable, says so once, and goes on by itself', async () => {
      fixture.source.set(many(2));
      await fixture.sync();
      fixture.source.vanish();
      assert.deepEqual(await fixture.sync(), ['record-status']);
      assert.equal((await names()).length, 2);
      assert.equal((await fixture.condition('Reachable')).status, 'False');
      await fixture.client.delete('ReplicationController', key('web-0'));
      assert.deepEqual(await fixture.sync(), ['create-object'], 'the last good revision is defended');
      fixture.source.touch();
      assert.deepEqual(await fixture.sync(), []);

      fixture.source.set(many(1));
      await fixture.sync();
      assert.deepEqual(await names(), ['web-0']);
      assert.equal((await fixture.condition('Reachable')).status, 'True');
      assert.deepEqual(
        fixture.events.filter(({ about }) => about === 'Source web').map(({ reason }) => reason),
        ['Applied', 'Unreachable', 'Applied', 'Reachable'],
      );
    });

    it('does not take a doubtful emptiness for a removal, but a fresh source may be empty', async () => {
      fixture.source.set({}, { doubt: 'perhaps it is not mounted' });
      await fixture.sync();
      assert.equal((await fixture.condition('Ready')).status, 'True');
      fixture.source.set(many(2));
      await fixture.sync();
      fixture.source.set({}, { doubt: 'perhaps it is not mounted' });
      await fixture.sync();
      assert.equal((await names()).length, 2);
      assert.equal((await fixture.condition('Reachable')).message, 'perhaps it is not mounted');
    });

    it('never deletes the namespace default', async () => {
      fixture.source.set({ 'ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: default }\n' });
      await fixture.sync();
      fixture.source.set({});
      await fixture.sync();
      const namespace = await fixture.client.get('Namespace', { namespace: '', name: 'default' });
      assert.equal(namespace?.metadata.deletionTimestamp, undefined);
      assert.ok(namespace);
    });
  });

  describe('refusing', () => {
    it('refuses a commit whole, names every problem, and lets the fix through', async () => {
      const good = fixture.source.set({ 'a.yaml': controller('a'), 'b.yaml': controller('b') });
      await fixture.sync();
      const bad = fixture.source.set({
        'a.yaml': controller('a', { replicas: 'three' }),
        'b.yaml': controller('b', { replicas: -1 }),
        'c.yaml': controller('c'),
      });
      assert.deepEqual(await fixture.sync(), ['record-status']);
      const status = await fixture.status();
      assert.equal(status.appliedRevision, good);
      assert.equal(status.seenRevision, bad);
      assert.equal(status.problemCount, 2);
      assert.deepEqual(
        status.problems?.map(({ file, line }) => `${file}:${line}`),
        ['a.yaml:6', 'b.yaml:6'],
      );
      assert.equal(status.history[0]?.outcome, 'Refused');
      assert.deepEqual(await names(), ['a', 'b']);
      assert.ok(
        fixture.log.lines.some(
          ({ level, message }) => level === 'error' && message.startsWith('a revision is refused'),
        ),
      );
      assert.deepEqual(await fixture.sync(), []);

      fixture.source.set({
        'a.yaml': controller('a', { replicas: 3 }),
        'b.yaml': controller('b'),
        'c.yaml': controller('c'),
      });
      await fixture.sync();
      assert.deepEqual(await names(), ['a', 'b', 'c']);
      assert.equal((await fixture.status()).problems, undefined);
      assert.equal((await fixture.condition('Valid')).status, 'True');
    });

    for (const withArchive of [true, false]) {
      it(`defends the last good commit after a restart, ${withArchive ? 'from' : 'without'} the archive`, async () => {
        fixture.source.set({ 'a.yaml': controller('a', { replicas: 2 }), 'b.yaml': controller('b') });
        await fixture.sync();
        fixture.source.set({ 'a.yaml': 'kind: [' });
        await fixture.sync();
        if (!withArchive) fixture.archive.clear();
        await fixture.restart();
        const live = await rc('a');
        await fixture.client.update('ReplicationController', { ...live, spec: { ...live.spec, replicas: 7 } });
        await fixture.client.delete('ReplicationController', key('b'));
        assert.deepEqual(
          await fixture.sync(),
          withArchive ? ['patch-object', 'create-object'] : ['patch-object', 'record-status'],
        );
        assert.equal((await rc('a')).spec.replicas, 2);
      });
    }

    it('goes back when a commit that undoes another comes', async () => {
      const first = { 'a.yaml': controller('web', { image: 'web:1' }) };
      const good = fixture.source.set(first);
      await fixture.sync();
      fixture.source.set({ 'a.yaml': controller('web', { image: 'web:2' }) });
      await fixture.sync();
      fixture.source.set(first);
      await fixture.sync();
      assert.equal((await rc('web')).spec.template.spec.containers[0]?.image, 'web:1');
      const { history } = await fixture.status();
      assert.equal(history.length, 3);
      assert.equal(history[0]?.revision, good);
    });

    it('keeps at most 50 entries of history, newest first', async () => {
      for (let replicas = 1; replicas <= 52; replicas++) {
        fixture.source.set({ 'a.yaml': controller('web', { replicas }) }, { subject: `commit ${replicas}` });
        await fixture.sync();
      }
      const { history } = await fixture.status();
      assert.equal(history.length, 50);
      assert.equal(history[0]?.message, 'commit 52');
    });

    it('takes back what was made of a commit that the API refuses half-way', async () => {
      fixture.source.set({ 'a.yaml': controller('a') });
      await fixture.sync();
      // Out of the range of node ports, which only the API knows.
      fixture.source.set({
        'a.yaml': controller('a', { replicas: 5 }),
        'b.yaml': `${service('b')}---\n${service('c', 'type: NodePort\n  ports: [{ port: 80, nodePort: 80 }]')}`,
      });
      await fixture.sync();
      assert.equal((await fixture.client.list('Service')).items.length, 0);
      assert.equal((await rc('a')).spec.replicas, 1);
      const status = await fixture.status();
      assert.equal(status.history[0]?.outcome, 'Refused');
      assert.match(
        status.problems?.[0]?.message ?? '',
        /Service default\/c: .*The range of valid ports is 30000-32767/,
      );
      assert.deepEqual(
        status.inventory.map(({ name }) => name),
        ['a'],
      );
      assert.deepEqual(await fixture.sync(), []);
    });

    it('does not blame a commit for an object that somebody deletes while it is applied', async () => {
      fixture.source.set({ 'a.yaml': controller('a') });
      await fixture.sync();
      const revision = fixture.source.set({ 'a.yaml': controller('a', { replicas: 5 }) });
      await new Promise<void>((resolve) => setImmediate(resolve)); // what the source said arrives
      const { reconciler } = fixture.loop;
      const signal = new AbortController().signal;
      const { desired, observed } = await reconciler.observe({ namespace: '', name: 'web' }, signal);
      const [patch] = reconciler.plan(desired, observed, fixture.cluster.clock.now()).actions;
      assert.equal(patch?.kind, 'patch-object');
      await fixture.client.delete('ReplicationController', { namespace: 'default', name: 'a' });
      await assert.rejects(reconciler.execute(patch, signal), { code: 'Conflict' });
      await fixture.sync();
      assert.equal((await rc('a')).spec.replicas, 5);
      assert.equal((await fixture.status()).appliedRevision, revision);
    });

    it('skips only the bad file where it is told to, and leaves what that declared', async () => {
      await fixture.close();
      await setUp({ onInvalid: 'skip-file' });
      fixture.source.set({ 'a.yaml': `${controller('a')}---\n${controller('a2')}`, 'b.yaml': controller('b') });
      await fixture.sync();
      fixture.source.set({ 'a.yaml': 'kind: [', 'b.yaml': controller('b', { replicas: 4 }) });
      await fixture.sync();
      assert.deepEqual(await names(), ['a', 'a2', 'b']);
      assert.equal((await rc('b')).spec.replicas, 4);
      assert.equal((await fixture.condition('Ready')).reason, 'FilesSkipped');
      assert.equal((await fixture.status()).problemCount, 1);

      // Moved into a file that cannot be read: not gone.
      fixture.source.set({ 'broken.yaml': 'kind: [', 'b.yaml': controller('b', { replicas: 4 }) });
      await fixture.sync();
      assert.deepEqual(await names(), ['a', 'a2', 'b']);
      fixture.source.set({ 'fixed.yaml': controller('a'), 'b.yaml': controller('b') });
      await fixture.sync();
      assert.deepEqual(await names(), ['a', 'b']);
    });
  });

  describe('ownership', () => {
    it('adopts what was made by hand, with an event', async () => {
      fixture.source.set({ 'a.yaml': controller('web', { replicas: 2 }) });
      await fixture.sync();
      const { metadata, spec, status } = await rc('web');
      fixture.source.set({});
      await fixture.sync();
      await fixture.client.create('ReplicationController', {
        apiVersion: 'v1',
        kind: 'ReplicationController',
        metadata: { name: 'web', labels: { by: 'hand' } },
        spec: { ...spec, replicas: 1 },
        status,
      });
      fixture.source.set({ 'a.yaml': controller('web', { replicas: 2 }) });
      assert.deepEqual(await fixture.sync(), ['record-inventory', 'patch-object', 'record-status']);
      const adopted = await rc('web');
      assert.equal(adopted.spec.replicas, 2);
      assert.equal(adopted.metadata.labels?.by, 'hand');
      assert.notEqual(adopted.metadata.uid, metadata.uid);
      assert.ok(fixture.events.some(({ reason }) => reason === 'Adopted'));
    });

    it('refuses an object of another source and names both, until that source is gone', async () => {
      await fixture.close();
      const other = new FakeSource('other');
      await setUp({ others: [other] });
      other.set({ 'o.yaml': controller('web', { replicas: 4 }) });
      await fixture.sync({ source: other });
      fixture.source.set({ 'a.yaml': controller('web') });
      await fixture.sync();
      const [problem] = (await fixture.status()).problems ?? [];
      assert.equal(
        problem?.message,
        "ReplicationController default/web: is owned by source other (o.yaml:1), and cannot be source web's too",
      );
      assert.equal((await rc('web')).spec.replicas, 4);
      await fixture.client.delete('Source', { namespace: '', name: 'other' });
      await fixture.sync();
      assert.equal((await rc('web')).metadata.annotations?.[ANNOTATION_SOURCE], 'web');
    });

    it('refuses a namespace that is not there and an address that somebody else has', async () => {
      await fixture.client.create('Service', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'manual' },
        spec: {
          type: 'NodePort',
          clusterIP: '',
          clusterIPs: [],
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30_002 }],
          sessionAffinity: 'None',
        },
        status: { loadBalancer: {} },
      });
      fixture.source.set({
        'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80, nodePort: 30002 }]'),
        'b.yaml': controller('web').replace('name: web\n', 'name: web\n  namespace: shop\n'),
      });
      assert.deepEqual(await fixture.sync(), ['record-source', 'record-status']);
      assert.deepEqual(
        (await fixture.status()).problems?.map(({ message }) => message),
        [
          'Service default/web: node port 30002/TCP is taken by Service default/manual',
          'ReplicationController shop/web: namespace "shop" does not exist; declare it too',
        ],
      );
      await fixture.client.delete('Service', key('manual'));
      fixture.source.set({
        'a.yaml': service('web', 'type: NodePort\n  ports: [{ port: 80, nodePort: 30002 }]'),
        'b.yaml': `${controller('web').replace('name: web\n', 'name: web\n  namespace: shop\n')}---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n`,
      });
      await fixture.sync();
      assert.equal((await fixture.condition('Ready')).status, 'True');
    });
  });

  it('refuses to start with one place given twice', () => {
    const configured = { source: fixture.source, onInvalid: 'refuse' as const, pruneLimit: 0.5 };
    const { cache, client, archive, log, cluster } = fixture;
    const { clock } = cluster;
    const deps = {
      sources: [configured, configured],
      cache,
      client,
      archive,
      clock,
      log,
      events: { record: () => {} },
    };
    assert.throws(() => createManifestSyncLoop(deps), /\/srv\/web and \/srv\/web are one source, web/);
  });

  describe('a crash after every action', () => {
    const states: Record<string, string>[] = [
      {
        'a.yaml': `${controller('a')}---\n${service('a')}`,
        'b.yaml': controller('b'),
        'p.yaml': pod('p', 'nginx', 'one'),
      },
      {
        'a.yaml': service('a', 'ports: [{ port: 81 }]'),
        'c.yaml': controller('c'),
        'p.yaml': pod('p', 'nginx', 'two'),
      },
      { 'd.yaml': controller('a', { replicas: 3 }), 'c.yaml': controller('c') },
    ];
    for (let crashAfter = 0; crashAfter < 8; crashAfter++) {
      it(`converges where it died after ${crashAfter} actions`, async () => {
        for (const state of states) {
          const revision = fixture.source.set(state);
          await fixture.sync({ crashAfter });
          await fixture.restart();
          await fixture.sync();
          const status = await fixture.status();
          assert.equal(status.appliedRevision, revision);
          assert.equal(status.conditions.find(({ type }) => type === 'Ready')?.status, 'True');
          const declared = Object.values(state)
            .join('')
            .match(/^ {2}name: (.*)$/gm)?.length;
          assert.equal(status.inventory.length, declared);
          const kinds = ['ReplicationController', 'Service', 'Pod'] as const;
          const live = await Promise.all(kinds.map((kind) => fixture.client.list(kind)));
          assert.equal(live.flatMap(({ items }) => items as unknown[]).length, declared);
        }
      });
    }
  });

  describe('triggers', () => {
    it('looks at a source for changes of its objects and itself, not for statuses', async () => {
      fixture.source.set({ 'a.yaml': controller('web') });
      await fixture.sync();
      const seen: string[] = [];
      const stop = fixture.cache.subscribe((change) => {
        for (const trigger of fixture.loop.keysFor(change))
          seen.push(`${change.type} ${change.kind} ${trigger.key.name}`);
      });
      const live = await rc('web');
      await fixture.client.updateStatus('ReplicationController', { ...live, status: { replicas: 1 } });
      assert.deepEqual(seen, []);
      await fixture.client.update('ReplicationController', {
        ...(await rc('web')),
        spec: { ...live.spec, replicas: 8 },
      });
      await fixture.client.delete('ReplicationController', key('web'));
      assert.deepEqual(seen, ['MODIFIED ReplicationController web', 'DELETED ReplicationController web']);
      stop();
    });
  });
});
