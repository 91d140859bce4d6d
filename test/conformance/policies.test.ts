/** Kubernetes' conformance for PodDisruptionBudgets, LimitRanges and PodTemplates: the API. What they bring about is asked where it is done. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { type Body, read, remove, wholeLife, write } from './whole-life.ts';

const MERGE = 'application/merge-patch+json';
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const RANGES = '/api/v1/namespaces/default/limitranges';
const TEMPLATES = '/api/v1/namespaces/default/podtemplates';

describe('conformance: policies and templates', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const names = async (path: string) => (await read(bed, path)).items.map(({ metadata }: Body) => metadata.name);
  const budget = (name: string, labels: object = {}) => ({
    metadata: { name, labels },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  const range = (max: string) => ({ limits: [{ type: 'Container', max: { cpu: max } }] });

  conforms('1.30', () => {
    const template = (image: string) => ({ template: { spec: { containers: [{ name: 'web', image }] } } });
    return wholeLife(bed, {
      path: TEMPLATES,
      everywhere: '/api/v1/podtemplates',
      body: template('web:1'),
      patch: template('web:2'),
      patched: (object) => assert.equal(object.template.spec.containers[0].image, 'web:2'),
      update: (object) => Object.assign(object.template.spec.containers[0], { image: 'web:3' }),
      updated: (object) => assert.equal(object.template.spec.containers[0].image, 'web:3'),
    });
  });

  conforms('19.1', () =>
    wholeLife(bed, {
      path: BUDGETS,
      everywhere: '/apis/policy/v1/poddisruptionbudgets',
      body: { spec: budget('any').spec },
      patch: { spec: { minAvailable: '50%' } },
      patched: ({ spec }) => assert.equal(spec.minAvailable, '50%'),
      update: ({ spec }) => Object.assign(spec, { minAvailable: 2 }),
      updated: ({ spec }) => assert.equal(spec.minAvailable, 2),
    }),
  );

  conforms('19.2', async () => {
    await write(bed, 'POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    const other = BUDGETS.replace('default', 'other');
    for (const [path, name] of [
      [BUDGETS, 'one'],
      [BUDGETS, 'two'],
      [other, 'three'],
    ] as const) {
      await write(bed, 'POST', path, budget(name, { set: 'yes' }));
    }
    const everywhere = '/apis/policy/v1/poddisruptionbudgets?labelSelector=set%3Dyes';
    assert.deepEqual((await names(everywhere)).sort(), ['one', 'three', 'two']);
    await remove(bed, `${BUDGETS}?labelSelector=set%3Dyes`);
    assert.deepEqual(await names(everywhere), ['three']);
  });

  conforms('19.3', async () => {
    const created = await write(bed, 'POST', BUDGETS, budget('web'));
    const path = `${BUDGETS}/web/status`;
    const patch = { spec: { minAvailable: 7 }, status: { disruptedPods: { 'web-1': '2026-01-02T03:04:05Z' } } };
    const patched = await write(bed, 'PATCH', path, patch, MERGE);
    assert.deepEqual(patched.status.disruptedPods, patch.status.disruptedPods);
    assert.deepEqual(patched.spec, created.spec, 'the status alone is written');
    patched.status.disruptionsAllowed = 3;
    await write(bed, 'PUT', path, patched);
    assert.equal((await read(bed, `${BUDGETS}/web`)).status.disruptionsAllowed, 3);
  });

  conforms('21.6', () =>
    wholeLife(bed, {
      path: RANGES,
      everywhere: '/api/v1/limitranges',
      body: { spec: range('2') },
      patch: { spec: range('3') },
      patched: ({ spec }) => assert.equal(spec.limits[0].max.cpu, '3'),
      update: (object) => Object.assign(object, { spec: range('4') }),
      updated: ({ spec }) => assert.equal(spec.limits[0].max.cpu, '4'),
    }),
  );
});
