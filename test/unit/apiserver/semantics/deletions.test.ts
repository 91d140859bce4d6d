/** What a DELETE removes, what it only marks, and what holds it back; and namespaces, which go when they are empty. */
import assert from 'node:assert/strict';
import { type Answer, type HttpBed, startHttpBed } from '../http-bed.ts';
import { CONFIG_MAPS, configMap, controller, MERGE, PODS, pod } from './sample-objects.ts';

const CONTROLLERS = '/api/v1/namespaces/default/replicationcontrollers';

describe('a DELETE over HTTP', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const created = async (path: string, body: object): Promise<ReturnType<Answer['json']>> => {
    const answer = await bed.send('POST', path, body);
    assert.equal(answer.status, 201, answer.text);
    return answer.json();
  };
  const remove = (path: string, options?: object) =>
    options === undefined ? bed.get(path, {}, 'DELETE') : bed.send('DELETE', path, options);
  const namesIn = async (path: string): Promise<string[]> =>
    (await bed.get(path)).json().items.map((item: { metadata: { name: string } }) => item.metadata.name);

  describe('of an object', () => {
    it('answers with a Status that names what went, or with the object, kind by kind as in Kubernetes', async () => {
      const map = await created(CONFIG_MAPS, configMap('a'));
      const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
      const lease = await created(leases, { metadata: { name: 'l' } });
      assert.deepEqual((await remove(`${CONFIG_MAPS}/a`)).json(), {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid: map.metadata.uid },
      });
      const { details } = (await remove(`${leases}/l`)).json();
      assert.deepEqual(details, { name: 'l', group: 'coordination.k8s.io', kind: 'leases', uid: lease.metadata.uid });
      await created(PODS, pod('p'));
      assert.equal((await remove(`${PODS}/p`)).json().kind, 'Pod');
      assert.equal((await remove(`${PODS}/p`)).status, 404);
    });

    it('takes its options from the body or from the query', async () => {
      for (const [query, body] of [
        ['?propagationPolicy=Orphan', undefined],
        ['', { propagationPolicy: 'Orphan' }],
        ['', { kind: 'DeleteOptions', apiVersion: 'v1', orphanDependents: true }],
        ['', { kind: 'DeleteOptions', apiVersion: 'policy/v1', propagationPolicy: 'Orphan' }],
      ] as const) {
        await created(CONTROLLERS, controller('a'));
        const marked = await remove(`${CONTROLLERS}/a${query}`, body);
        assert.deepEqual(marked.json().metadata.finalizers, ['orphan'], JSON.stringify(body));
        await bed.send('PATCH', `${CONTROLLERS}/a`, { metadata: { finalizers: null } }, MERGE);
      }
    });

    it('needs no body behind a media type', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      const answer = await bed.get(`${CONFIG_MAPS}/a`, { 'content-type': 'application/json' }, 'DELETE');
      assert.equal(answer.status, 200);
    });

    it('is refused where another object is meant', async () => {
      const { metadata } = await created(CONFIG_MAPS, configMap('a'));
      const other = await remove(`${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } });
      assert.equal(other.status, 409);
      assert.match(other.json().message, /Precondition failed: UID in precondition: other, UID in object meta: /);
      assert.equal((await remove(`${CONFIG_MAPS}/a`, { preconditions: { resourceVersion: '1' } })).status, 409);
      const { uid, resourceVersion } = metadata;
      assert.equal((await remove(`${CONFIG_MAPS}/a`, { preconditions: { uid, resourceVersion } })).status, 200);
    });

    it('is refused with options that are none', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      for (const [options, message] of [
        [{ propagationPolicy: 'Sideways' }, /propagationPolicy: Unsupported value: "Sideways"/],
        [{ gracePeriodSeconds: 1.5 }, /gracePeriodSeconds/],
        [{ dryRun: ['Some'] }, /dryRun: Unsupported value: "Some"/],
      ] as const) {
        const answer = await remove(`${CONFIG_MAPS}/a`, options);
        assert.equal(answer.status, 422);
        assert.match(answer.json().message, message);
      }
    });
  });

  describe('of an object with finalizers', () => {
    const held = async (...finalizers: string[]): Promise<void> => {
      await created(CONFIG_MAPS, { metadata: { name: 'a', finalizers } });
    };
    const release = (finalizers: string[]) =>
      bed.send('PATCH', `${CONFIG_MAPS}/a`, { metadata: { finalizers } }, MERGE);

    it('marks it, and removes it with the last of them', async () => {
      await held('test.dev/one', 'test.dev/two');
      const marked = (await remove(`${CONFIG_MAPS}/a`)).json();
      assert.equal(marked.kind, 'ConfigMap');
      assert.equal(marked.metadata.deletionTimestamp, '2026-01-02T03:04:05Z');
      assert.equal(marked.metadata.deletionGracePeriodSeconds, 0);
      assert.equal((await release(['test.dev/two'])).status, 200);
      assert.equal((await bed.get(`${CONFIG_MAPS}/a`)).json().metadata.deletionTimestamp, '2026-01-02T03:04:05Z');
      assert.equal((await release([])).status, 200);
      assert.equal((await bed.get(`${CONFIG_MAPS}/a`)).status, 404);
    });

    it('marks it once: another DELETE changes nothing', async () => {
      await held('test.dev/one');
      const first = (await remove(`${CONFIG_MAPS}/a`)).json();
      assert.deepEqual((await remove(`${CONFIG_MAPS}/a`)).json(), first);
    });

    it('lets nobody unmark it', async () => {
      await held('test.dev/one');
      await remove(`${CONFIG_MAPS}/a`);
      const answer = await bed.send('PATCH', `${CONFIG_MAPS}/a`, { metadata: { deletionTimestamp: null } }, MERGE);
      assert.equal(answer.json().metadata.deletionTimestamp, '2026-01-02T03:04:05Z');
    });

    it('keeps the owner of what is to go first, and the name free for nobody', async () => {
      await created(CONTROLLERS, controller('a'));
      const { metadata } = (await remove(`${CONTROLLERS}/a`, { propagationPolicy: 'Foreground' })).json();
      assert.deepEqual(metadata.finalizers, ['foregroundDeletion']);
      assert.equal((await bed.send('POST', CONTROLLERS, controller('a'))).status, 409);
    });
  });

  describe('of a pod that runs', () => {
    const running = async (name: string) => {
      await created(PODS, pod(name));
      const node = { kind: 'Node', name: 'n1' };
      assert.equal((await bed.send('POST', `${PODS}/${name}/binding`, { target: node })).status, 201);
    };

    it('gives it its time, which a later one may shorten, not lengthen', async () => {
      await running('a');
      const graceOf = async (options?: object) => {
        const { metadata } = (await remove(`${PODS}/a`, options)).json();
        return [metadata.deletionGracePeriodSeconds, metadata.deletionTimestamp];
      };
      assert.deepEqual(await graceOf(), [30, '2026-01-02T03:04:35Z']);
      assert.deepEqual(await graceOf({ gracePeriodSeconds: 60 }), [30, '2026-01-02T03:04:35Z']);
      assert.deepEqual(await graceOf({ gracePeriodSeconds: 5 }), [5, '2026-01-02T03:04:10Z']);
      assert.equal((await remove(`${PODS}/a`, { gracePeriodSeconds: 0 })).json().kind, 'Pod');
      assert.equal((await bed.get(`${PODS}/a`)).status, 404);
    });
  });

  describe('of a collection', () => {
    it('takes what the selectors find, leaves the rest, and answers with what went', async () => {
      for (const name of ['a', 'b', 'c']) await created(CONFIG_MAPS, configMap(name, { keep: String(name === 'b') }));
      const answer = (await remove(`${CONFIG_MAPS}?labelSelector=keep%3Dfalse`)).json();
      assert.equal(answer.kind, 'ConfigMapList');
      assert.deepEqual(
        answer.items.map((item: { metadata: { name: string } }) => item.metadata.name),
        ['a', 'c'],
      );
      assert.deepEqual(await namesIn(CONFIG_MAPS), ['b']);
      await remove(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Db`);
      assert.deepEqual(await namesIn(CONFIG_MAPS), []);
    });

    it('only marks what finalizers hold', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      await created(CONFIG_MAPS, { metadata: { name: 'b', finalizers: ['test.dev/one'] } });
      await remove(CONFIG_MAPS);
      assert.deepEqual(await namesIn(CONFIG_MAPS), ['b']);
    });

    it('is refused for namespaces, which go one by one', async () => {
      assert.equal((await remove('/api/v1/namespaces')).status, 405);
    });
  });

  describe('of a namespace', () => {
    const NAMESPACES = '/api/v1/namespaces';
    const make = (name: string) => created(NAMESPACES, { metadata: { name } });

    it('marks it, keeps others from writing into it, and removes it with its last finalizer', async () => {
      const made = await make('shop');
      assert.deepEqual(made.spec.finalizers, ['kubernetes']);
      assert.deepEqual([made.status.phase, made.metadata.labels['kubernetes.io/metadata.name']], ['Active', 'shop']);
      const marked = (await remove(`${NAMESPACES}/shop`)).json();
      assert.equal(marked.status.phase, 'Terminating');

      const refused = await bed.send('POST', `${NAMESPACES}/shop/configmaps`, configMap('a'));
      const { message, reason, details } = refused.json();
      assert.deepEqual([refused.status, reason], [403, 'Forbidden']);
      assert.equal(
        message,
        'configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
      );
      assert.deepEqual(details.causes, [
        {
          reason: 'NamespaceTerminating',
          message: 'namespace shop is being terminated',
          field: 'metadata.namespace',
        },
      ]);

      const emptied = { ...marked, spec: { finalizers: [] } };
      assert.equal((await bed.send('PUT', `${NAMESPACES}/shop/finalize`, emptied)).status, 200);
      assert.equal((await bed.get(`${NAMESPACES}/shop`)).status, 404);
    });

    it('has finalizers that an update leaves alone and finalize alone may change', async () => {
      const made = await make('shop');
      const without = { ...made, spec: { finalizers: [] }, metadata: { name: 'shop', labels: { team: 'a' } } };
      const updated = (await bed.send('PUT', `${NAMESPACES}/shop`, without)).json();
      assert.deepEqual([updated.spec.finalizers, updated.metadata.labels.team], [['kubernetes'], 'a']);
      const more = { ...updated, spec: { finalizers: ['kubernetes', 'test.dev/one'] } };
      const finalized = (await bed.send('PUT', `${NAMESPACES}/shop/finalize`, more)).json();
      assert.deepEqual(finalized.spec.finalizers, ['kubernetes', 'test.dev/one']);
      assert.equal((await bed.get(`${NAMESPACES}/shop/finalize`)).status, 405);
    });

    it('is refused for those that everything stands on', async () => {
      const answer = await remove(`${NAMESPACES}/default`);
      assert.equal(answer.status, 403);
      assert.equal(answer.json().message, 'namespaces "default" is forbidden: this namespace may not be deleted');
    });

    it('that never was is what a write into it is told', async () => {
      const answer = await bed.send('POST', `${NAMESPACES}/nowhere/configmaps`, configMap('a'));
      const { message, details } = answer.json();
      assert.equal(answer.status, 404);
      assert.equal(message, 'namespaces "nowhere" not found');
      assert.deepEqual(details, { name: 'nowhere', kind: 'namespaces' });
    });

    it('has a status of its own', async () => {
      await make('shop');
      const condition = { type: 'Seen', status: 'True', reason: 'Test', message: '' };
      const patch = { status: { conditions: [condition] } };
      const patched = (await bed.send('PATCH', `${NAMESPACES}/shop/status`, patch, MERGE)).json();
      assert.deepEqual([patched.status.phase, patched.status.conditions[0].type], ['Active', 'Seen']);
    });
  });
});
