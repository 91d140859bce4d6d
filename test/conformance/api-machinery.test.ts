/** Kubernetes' conformance for what the API does with every kind: watches, tables, strict validation; and for quotas. */
import assert from 'node:assert/strict';
import { createResourceQuotaLoop } from '../../reconcilers/resource-quota/index.ts';
import { startLoops } from '../fakes/running-loops.ts';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { CONFIG_MAPS, configMap, controller, MERGE } from '../unit/apiserver/semantics/sample-objects.ts';
import { Watching } from '../unit/apiserver/semantics/watching.ts';
import { conforms } from './conforms.ts';
import { type Body, read, remove, wholeLife, write } from './whole-life.ts';

const DEFAULT = '/api/v1/namespaces/default';
const QUOTAS = `${DEFAULT}/resourcequotas`;

describe('conformance: API machinery', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  conforms('20.6', async () => {
    const watch = (selector: string) =>
      Watching.open(bed.socketPath, `${CONFIG_MAPS}?watch=1&labelSelector=${encodeURIComponent(selector)}`);
    const [a, b, both] = await Promise.all(['w=a', 'w=b', 'w in (a,b)'].map(watch));
    for (const name of ['a', 'b']) {
      await write(bed, 'POST', CONFIG_MAPS, configMap(name, { w: name }));
      await write(bed, 'PATCH', `${CONFIG_MAPS}/${name}`, { data: { changed: 'yes' } }, MERGE);
      await remove(bed, `${CONFIG_MAPS}/${name}`);
    }
    const life = (name: string) => [`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`];
    assert.deepEqual(await a?.names(3), life('a'));
    assert.deepEqual(await b?.names(3), life('b'));
    assert.deepEqual(await both?.names(6), [...life('a'), ...life('b')]);
    for (const each of [a, b, both]) each?.close();
  });

  conforms('20.8', async () => {
    const first = await Watching.open(bed.socketPath, `${CONFIG_MAPS}?watch=1`);
    await write(bed, 'POST', CONFIG_MAPS, configMap('a'));
    await write(bed, 'PATCH', `${CONFIG_MAPS}/a`, { data: { round: '1' } }, MERGE);
    const seen = [await first.next(), await first.next()];
    first.close();
    await write(bed, 'PATCH', `${CONFIG_MAPS}/a`, { data: { round: '2' } }, MERGE);
    await remove(bed, `${CONFIG_MAPS}/a`);

    const last = seen[1]?.object.metadata.resourceVersion;
    const again = await Watching.open(bed.socketPath, `${CONFIG_MAPS}?watch=1&resourceVersion=${last}`);
    const missed = [await again.next(), await again.next()];
    again.close();
    assert.deepEqual(
      missed.map(({ type, object }) => [type, object.data.round]),
      [
        ['MODIFIED', '2'],
        ['DELETED', '2'],
      ],
    );
  });

  conforms('20.13', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const review = JSON.stringify({ spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } });
    const headers = { accept, 'content-type': 'application/json' };
    const refused = await bed.ask('POST', path, headers, review);
    assert.deepEqual([refused.status, refused.json().reason], [406, 'NotAcceptable']);
    const taken = await bed.ask('POST', path, { ...headers, accept: `${accept},application/json` }, review);
    assert.deepEqual([taken.status, taken.json().kind], [201, 'SelfSubjectAccessReview'], taken.text);
  });

  conforms('20.15', async () => {
    const strict = `${CONFIG_MAPS}?fieldValidation=Strict`;
    const refused = await bed.send('POST', strict, { metadata: { name: 'a', clusterNames: 'x' } });
    assert.equal(refused.status, 400);
    assert.match(refused.json().message, /unknown field "metadata\.clusterNames"/);
    assert.equal((await bed.get(`${CONFIG_MAPS}/a`)).status, 404);
  });

  conforms('20.20', async () => {
    await wholeLife(bed, {
      path: QUOTAS,
      everywhere: '/api/v1/resourcequotas',
      body: { spec: { hard: { pods: '5' } } },
      patch: { spec: { hard: { pods: '6' } } },
      patched: ({ spec }) => assert.deepEqual(spec.hard, { pods: '6' }),
      update: ({ spec }) => (spec.hard.services = '2'),
      updated: ({ spec }) => assert.deepEqual(spec.hard, { pods: '6', services: '2' }),
    });
    await write(bed, 'POST', QUOTAS, { metadata: { name: 'counted' }, spec: { hard: { pods: '5' } } });
    const patched = await write(bed, 'PATCH', `${QUOTAS}/counted/status`, { status: { hard: { pods: '5' } } }, MERGE);
    assert.deepEqual(patched.status, { hard: { pods: '5' } });
    await write(bed, 'PUT', `${QUOTAS}/counted/status`, { ...patched, status: { used: { pods: '3' } } });
    const { spec, status } = await read(bed, `${QUOTAS}/counted`);
    assert.deepEqual([spec, status], [{ hard: { pods: '5' } }, { used: { pods: '3' } }]);
  });

  conforms('20.22', async () => {
    const loops = await startLoops(bed.cluster, (deps) => [createResourceQuotaLoop(deps)]);
    const hard = {
      pods: '2',
      'requests.cpu': '1',
      'requests.memory': '500Mi',
      replicationcontrollers: '1',
      services: '1',
      configmaps: '1',
      secrets: '1',
    };
    await write(bed, 'POST', QUOTAS, { metadata: { name: 'all' }, spec: { hard } });
    const counted = async (): Promise<Body> => {
      await bed.cluster.clock.advance(250);
      await loops.settled();
      return (await read(bed, `${QUOTAS}/all`)).status.used;
    };
    const none = await counted();
    assert.deepEqual(Object.keys(none).toSorted(), Object.keys(hard).toSorted());
    assert.ok(Object.values(none).every((used) => used === '0'));

    const pod = (name: string, cpu: string, memory: string): object => ({
      metadata: { name },
      spec: { containers: [{ name: 'a', image: 'a', resources: { requests: { cpu, memory } } }] },
    });
    await write(bed, 'POST', `${DEFAULT}/pods`, pod('one', '500m', '252Mi'));
    await write(bed, 'POST', `${DEFAULT}/replicationcontrollers`, controller('web'));
    await write(bed, 'POST', `${DEFAULT}/services`, { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } });
    await write(bed, 'POST', CONFIG_MAPS, configMap('a'));
    await write(bed, 'POST', `${DEFAULT}/secrets`, { metadata: { name: 'a' } });
    const used = { ...hard, pods: '1', 'requests.cpu': '500m', 'requests.memory': '252Mi' };
    assert.deepEqual(await counted(), used);

    for (const [path, body] of [
      ['pods', pod('cpu', '600m', '10Mi')],
      ['pods', pod('memory', '100m', '300Mi')],
      ['replicationcontrollers', controller('other')],
      ['services', { metadata: { name: 'other' }, spec: { ports: [{ port: 80 }] } }],
      ['configmaps', configMap('b')],
      ['secrets', { metadata: { name: 'b' } }],
    ] as const) {
      const refused = await bed.send('POST', `${DEFAULT}/${path}`, body);
      assert.equal(refused.status, 403, `${path}: ${refused.text}`);
      assert.match(refused.json().message, /exceeded quota: all/);
    }
    const more = { spec: { containers: [{ name: 'a', resources: { requests: { cpu: '900m' } } }] } };
    const grown = await bed.send('PATCH', `${DEFAULT}/pods/one`, more, 'application/strategic-merge-patch+json');
    assert.ok([403, 422].includes(grown.status), grown.text);

    for (const path of ['pods/one?gracePeriodSeconds=0', 'services/web', 'configmaps/a', 'secrets/a']) {
      await remove(bed, `${DEFAULT}/${path}`);
    }
    await remove(bed, `${DEFAULT}/replicationcontrollers/web`);
    assert.deepEqual(await counted(), none);
    await loops.stop();
  });
});
