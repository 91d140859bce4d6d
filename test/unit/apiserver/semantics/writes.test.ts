/** What a write may and may not change, on which version it insists, and what it answers. */
import assert from 'node:assert/strict';
import { type Answer, type HttpBed, startHttpBed } from '../http-bed.ts';
import { CONFIG_MAPS, configMap, controller, JSON_PATCH, MERGE, PODS, pod, STRATEGIC } from './sample-objects.ts';

const CONTROLLERS = '/api/v1/namespaces/default/replicationcontrollers';

describe('a write over HTTP', () => {
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
  const refused = (answer: Answer, code: number, reason: string, message: RegExp) => {
    const status = answer.json();
    assert.deepEqual([answer.status, status.kind, status.code, status.reason], [code, 'Status', code, reason]);
    assert.match(status.message, message);
    return status;
  };
  const stored = async (path: string) => (await bed.get(path)).json();

  describe('that creates', () => {
    it('says who the object is, in the server words, whatever the body says of it', async () => {
      const metadata = {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        generation: 7,
      };
      const object = await created(CONTROLLERS, { ...controller('a'), metadata, status: { replicas: 9 } });
      assert.match(object.metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(object.metadata.creationTimestamp, '2026-01-02T03:04:05Z');
      assert.deepEqual([object.metadata.generation, object.metadata.deletionTimestamp], [1, undefined]);
      assert.deepEqual(object, await stored(`${CONTROLLERS}/a`));
    });

    it('takes no status from its author: that is for others to say', async () => {
      const running = { ...pod('a'), status: { phase: 'Running', podIP: '10.0.0.9' } };
      assert.deepEqual((await created(PODS, running)).status, { phase: 'Pending' });
      const scaled = await created(CONTROLLERS, { ...controller('a'), status: { replicas: 3 } });
      assert.equal(scaled.status.replicas, 0);
      const namespace = { metadata: { name: 'shop' }, status: { phase: 'Terminating' } };
      assert.equal((await created('/api/v1/namespaces', namespace)).status.phase, 'Active');
      const node = { metadata: { name: 'n1' }, status: { capacity: { cpu: '4' } } };
      assert.deepEqual((await created('/api/v1/nodes', node)).status.capacity, { cpu: '4' }, 'but from a kubelet');
    });

    it('needs neither apiVersion nor kind, for the path says them', async () => {
      const { kind, apiVersion } = await created(CONFIG_MAPS, { metadata: { name: 'a' } });
      assert.deepEqual([kind, apiVersion], ['ConfigMap', 'v1']);
    });

    it('makes up a name from generateName, another each time', async () => {
      const names = new Set<string>();
      for (let count = 0; count < 3; count++) {
        names.add((await created(CONFIG_MAPS, { metadata: { generateName: 'web-' } })).metadata.name);
      }
      assert.equal(names.size, 3);
      for (const name of names) assert.match(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it('is refused without a name, with a taken one, and with one that is none', async () => {
      const nameless = refused(
        await bed.send('POST', CONFIG_MAPS, { metadata: {} }),
        422,
        'Invalid',
        /^ConfigMap "" is invalid: metadata\.name: Required value: name or generateName is required$/,
      );
      assert.deepEqual(nameless.details.causes[0].reason, 'FieldValueRequired');
      await created(CONFIG_MAPS, configMap('a'));
      const taken = await bed.send('POST', CONFIG_MAPS, configMap('a'));
      const { details } = refused(taken, 409, 'AlreadyExists', /^configmaps "a" already exists$/);
      assert.deepEqual(details, { name: 'a', kind: 'configmaps' });
      const bad = await bed.send('POST', CONFIG_MAPS, configMap('A_b'));
      refused(
        bad,
        422,
        'Invalid',
        /^ConfigMap "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC/,
      );
    });

    it('is refused with the version of another object', async () => {
      const metadata = { name: 'a', resourceVersion: '1' };
      const answer = await bed.send('POST', CONFIG_MAPS, { metadata });
      refused(answer, 400, 'BadRequest', /^resourceVersion should not be set on objects to be created$/);
    });

    it('is refused where body and path disagree', async () => {
      const elsewhere = { metadata: { name: 'a', namespace: 'shop' } };
      refused(
        await bed.send('POST', CONFIG_MAPS, elsewhere),
        400,
        'BadRequest',
        /^the namespace of the provided object does not match the namespace sent on the request$/,
      );
      const other = { ...configMap('a'), kind: 'Secret' };
      refused(await bed.send('POST', CONFIG_MAPS, other), 400, 'BadRequest', /kind/);
    });
  });

  describe('that replaces', () => {
    it('insists on the version that the body names', async () => {
      const first = await created(CONFIG_MAPS, configMap('a'));
      const second = { ...first, data: { k: '1' } };
      assert.equal((await bed.send('PUT', `${CONFIG_MAPS}/a`, second)).status, 200);
      const stale = await bed.send('PUT', `${CONFIG_MAPS}/a`, { ...first, data: { k: '2' } });
      const { details } = refused(
        stale,
        409,
        'Conflict',
        /^Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again$/,
      );
      assert.deepEqual(details, { name: 'a', kind: 'configmaps' });
      assert.deepEqual((await stored(`${CONFIG_MAPS}/a`)).data, { k: '1' });
    });

    it('writes over whatever is there where the body names none', async () => {
      await created(CONFIG_MAPS, configMap('a', { x: '1' }, { k: '1' }));
      const answer = await bed.send('PUT', `${CONFIG_MAPS}/a`, configMap('a', {}, { k: '2' }));
      assert.deepEqual([answer.json().data, answer.json().metadata.labels], [{ k: '2' }, {}]);
    });

    it('creates where there is nothing, of the kinds that Kubernetes does it for', async () => {
      const service = { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
      const answer = await bed.send('PUT', '/api/v1/namespaces/default/services/web', service);
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.json(), await stored('/api/v1/namespaces/default/services/web'));
      const insisting = { metadata: { name: 'other', resourceVersion: '7' }, spec: { ports: [{ port: 80 }] } };
      refused(await bed.send('PUT', '/api/v1/namespaces/default/services/other', insisting), 404, 'NotFound', /other/);
      refused(await bed.send('PUT', `${CONFIG_MAPS}/a`, configMap('a')), 404, 'NotFound', /"a" not found/);
    });

    it('keeps identity: another uid is another object', async () => {
      const { metadata } = await created(CONFIG_MAPS, configMap('a'));
      const other = { ...configMap('a'), metadata: { name: 'a', uid: 'other' } };
      refused(
        await bed.send('PUT', `${CONFIG_MAPS}/a`, other),
        409,
        'Conflict',
        new RegExp(`Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}$`),
      );
      const patch = [{ op: 'replace', path: '/metadata/uid', value: 'other' }];
      refused(
        await bed.send('PATCH', `${CONFIG_MAPS}/a`, patch, JSON_PATCH),
        422,
        'Invalid',
        /metadata\.uid: Invalid value: "other": field is immutable/,
      );
    });

    it('keeps the time of creation, and is refused under another name', async () => {
      const first = await created(CONFIG_MAPS, configMap('a'));
      const metadata = { ...first.metadata, creationTimestamp: null };
      const answer = await bed.send('PUT', `${CONFIG_MAPS}/a`, { ...first, metadata });
      assert.equal(answer.json().metadata.creationTimestamp, first.metadata.creationTimestamp);
      refused(
        await bed.send('PUT', `${CONFIG_MAPS}/a`, configMap('b')),
        400,
        'BadRequest',
        /^the name of the object \(b\) does not match the name on the URL \(a\)$/,
      );
    });

    it('finds nothing where there is nothing', async () => {
      const answer = await bed.send('PUT', '/apis/policy/v1/namespaces/default/poddisruptionbudgets/a', {});
      const { details } = refused(answer, 404, 'NotFound', /^poddisruptionbudgets\.policy "a" not found$/);
      assert.deepEqual(details, { name: 'a', group: 'policy', kind: 'poddisruptionbudgets' });
    });
  });

  describe('that patches', () => {
    it('merges in three ways', async () => {
      await created(PODS, pod('a', { x: '1' }));
      const merged = await bed.send('PATCH', `${PODS}/a`, { metadata: { labels: { x: null, y: '2' } } }, MERGE);
      assert.deepEqual(merged.json().metadata.labels, { y: '2' });
      const image = { spec: { containers: [{ name: 'web', image: 'web:2' }] } };
      const strategic = await bed.send('PATCH', `${PODS}/a`, image, STRATEGIC);
      assert.equal(strategic.json().spec.containers[0].image, 'web:2');
      const operations = [{ op: 'test', path: '/metadata/labels/y', value: '2' }];
      assert.equal((await bed.send('PATCH', `${PODS}/a`, operations, JSON_PATCH)).status, 200);
    });

    it('insists on a version that it names: compare and swap', async () => {
      const { metadata } = await created(CONFIG_MAPS, configMap('a'));
      const patch = (value: string) => ({
        metadata: { resourceVersion: metadata.resourceVersion },
        data: { k: value },
      });
      assert.equal((await bed.send('PATCH', `${CONFIG_MAPS}/a`, patch('1'), MERGE)).status, 200);
      refused(await bed.send('PATCH', `${CONFIG_MAPS}/a`, patch('2'), MERGE), 409, 'Conflict', /has been modified/);
      assert.deepEqual((await stored(`${CONFIG_MAPS}/a`)).data, { k: '1' });
    });

    it('never loses a change to another that came in between', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
      const patch = (key: string) => bed.send('PATCH', `${CONFIG_MAPS}/a`, { data: { [key]: key } }, MERGE);
      const statuses = (await Promise.all(keys.map(patch))).map(({ status }) => status);
      assert.deepEqual(new Set(statuses), new Set([200]));
      assert.deepEqual(Object.keys((await stored(`${CONFIG_MAPS}/a`)).data).toSorted(), keys);
    });

    it('is refused in a media type that is none, or where it does not fit', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      const plain = await bed.send('PATCH', `${CONFIG_MAPS}/a`, {}, 'application/json');
      refused(plain, 415, 'UnsupportedMediaType', /accepted media types include: .*strategic-merge-patch/);
      const missing = [{ op: 'remove', path: '/data/none' }];
      assert.equal((await bed.send('PATCH', `${CONFIG_MAPS}/a`, missing, JSON_PATCH)).status, 422);
      const wrong = await bed.send('PATCH', `${CONFIG_MAPS}/a`, { data: 'text' }, MERGE);
      refused(wrong, 400, 'BadRequest', /data: expected a map, got "text"/);
      refused(await bed.send('PATCH', `${CONFIG_MAPS}/b`, {}, MERGE), 404, 'NotFound', /^configmaps "b" not found$/);
    });
  });

  describe('of spec or status', () => {
    const CONTROLLER = `${CONTROLLERS}/a`;

    it('changes only its own part', async () => {
      const first = await created(CONTROLLERS, controller('a'));
      const both = { spec: { replicas: 3 }, status: { replicas: 2 } };
      const spec = (await bed.send('PATCH', CONTROLLER, both, MERGE)).json();
      assert.deepEqual([spec.spec.replicas, spec.status], [3, first.status]);
      const other = { spec: { replicas: 9 }, status: { replicas: 2 }, metadata: { labels: { seen: 'yes' } } };
      const status = (await bed.send('PATCH', `${CONTROLLER}/status`, other, MERGE)).json();
      assert.deepEqual([status.spec.replicas, status.status.replicas], [3, 2]);
      assert.deepEqual((await stored(`${CONTROLLER}/status`)).status, status.status);
      const put = await bed.send('PUT', `${CONTROLLER}/status`, { ...status, status: { replicas: 1 } });
      assert.equal(put.json().status.replicas, 1);
      refused(await bed.send('PUT', `${CONTROLLER}/status`, status), 409, 'Conflict', /has been modified/);
    });

    it('counts generations of the spec alone', async () => {
      assert.equal((await created(CONTROLLERS, controller('a'))).metadata.generation, 1);
      const generationAfter = async (path: string, body: object) =>
        (await bed.send('PATCH', path, body, MERGE)).json().metadata.generation;
      assert.equal(await generationAfter(CONTROLLER, { metadata: { labels: { x: '1' } } }), 1);
      assert.equal(await generationAfter(`${CONTROLLER}/status`, { status: { replicas: 1 } }), 1);
      assert.equal(await generationAfter(CONTROLLER, { spec: { replicas: 5 } }), 2);
      assert.equal(await generationAfter(CONTROLLER, { spec: { replicas: 5 } }), 2);
    });

    it('is not there for a kind without a status', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      refused(await bed.get(`${CONFIG_MAPS}/a/status`), 404, 'NotFound', /could not find the requested resource/);
    });
  });

  describe('that is only rehearsed', () => {
    const nothingWritten = async (attempt: () => Promise<Answer>): Promise<ReturnType<Answer['json']>> => {
      const before = await bed.cluster.store.revision();
      const answer = await attempt();
      assert.ok(answer.status < 300, answer.text);
      assert.equal(await bed.cluster.store.revision(), before);
      return answer.json();
    };

    it('answers what it would have stored, and stores nothing', async () => {
      const created1 = await nothingWritten(() => bed.send('POST', `${PODS}?dryRun=All`, pod('a')));
      assert.equal(created1.spec.restartPolicy, 'Always', 'with defaults');
      assert.equal(created1.metadata.resourceVersion, undefined);
      const live = await created(PODS, pod('a'));
      const patched = await nothingWritten(() =>
        bed.send('PATCH', `${PODS}/a?dryRun=All`, { metadata: { labels: { x: '1' } } }, MERGE),
      );
      assert.deepEqual(patched.metadata.labels, { x: '1' });
      await nothingWritten(() =>
        bed.send('PUT', `${PODS}/a?dryRun=All`, { ...live, metadata: { ...live.metadata, labels: { y: '1' } } }),
      );
      await nothingWritten(() => bed.get(`${PODS}/a?dryRun=All`, {}, 'DELETE'));
      await nothingWritten(() => bed.send('DELETE', PODS, { dryRun: ['All'] }));
      assert.deepEqual((await stored(`${PODS}/a`)).metadata.labels, {});
    });

    it('is refused where the real one would be', async () => {
      await created(PODS, pod('a'));
      refused(await bed.send('POST', `${PODS}?dryRun=All`, pod('a')), 409, 'AlreadyExists', /already exists/);
      refused(await bed.send('POST', `${PODS}?dryRun=All`, pod('B')), 422, 'Invalid', /metadata\.name/);
      refused(await bed.get(`${PODS}/b?dryRun=All`, {}, 'DELETE'), 404, 'NotFound', /pods "b" not found/);
      refused(
        await bed.send('POST', `${PODS}?dryRun=Some`, pod('b')),
        422,
        'Invalid',
        /^CreateOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"$/,
      );
    });

    it('takes no address that a Service would get', async () => {
      const services = '/api/v1/namespaces/default/services';
      const service = { metadata: { name: 'web' }, spec: { clusterIP: '10.96.0.50', ports: [{ port: 80 }] } };
      await nothingWritten(() => bed.send('POST', `${services}?dryRun=All`, service));
      assert.equal((await created(services, service)).spec.clusterIP, '10.96.0.50');
    });
  });

  describe('with fields that do not exist, or stand twice', () => {
    const odd = '{"metadata":{"name":"a","labels":{"x":"1"},"labels":{"x":"2"},"colour":"red"},"datum":{}}';
    const post = (validation: string) =>
      bed.sendText('POST', `${CONFIG_MAPS}${validation === '' ? '' : `?fieldValidation=${validation}`}`, odd);

    it('is refused where it is to be strict, with all of them', async () => {
      refused(
        await post('Strict'),
        400,
        'BadRequest',
        /^ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata\.colour", unknown field "datum", duplicate field "metadata\.labels"$/,
      );
      assert.equal((await bed.get(`${CONFIG_MAPS}/a`)).status, 404);
    });

    for (const validation of ['Warn', '']) {
      it(`is carried out with a warning for each${validation === '' ? ', if nothing is said' : ''}`, async () => {
        const answer = await post(validation);
        assert.equal(answer.status, 201);
        assert.deepEqual(answer.headers.warning?.split(', 299 - '), [
          '299 - "unknown field \\"metadata.colour\\""',
          '"unknown field \\"datum\\""',
          '"duplicate field \\"metadata.labels\\""',
        ]);
        assert.deepEqual(answer.json().metadata.labels, { x: '2' });
        assert.equal(answer.json().datum, undefined);
      });
    }

    it('is carried out in silence where it is told to ignore them', async () => {
      const answer = await post('Ignore');
      assert.deepEqual([answer.status, answer.headers.warning], [201, undefined]);
    });

    it('is checked in patches too', async () => {
      await created(CONFIG_MAPS, configMap('a'));
      const answer = await bed.send('PATCH', `${CONFIG_MAPS}/a?fieldValidation=Strict`, { datum: {} }, MERGE);
      refused(answer, 400, 'BadRequest', /strict decoding error: unknown field "datum"/);
    });

    it('must be told what to do with them in words that exist', async () => {
      refused(await post('strict'), 422, 'Invalid', /fieldValidation: Unsupported value: "strict"/);
    });
  });
});
