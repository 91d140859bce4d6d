/** Objects that leave out what most have: they are refused as Invalid, or taken and then in nobody's way. The fuzzer found them. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { PODS, pod } from './sample-objects.ts';

const IN_DEFAULT = '/api/v1/namespaces/default';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('Objects that leave something out', () => {
  let bed: HttpBed;

  beforeEach(async () => {
    bed = await startHttpBed();
  });

  afterEach(() => bed.close());

  const create = async (plural: string, object: object) => {
    const { status, json } = await bed.send('POST', `${IN_DEFAULT}/${plural}`, object);
    return { status, body: json() };
  };

  it('are refused where they say nothing at all, also under a LimitRange', async () => {
    const limits = { metadata: { name: 'limits' }, spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } };
    assert.equal((await create('limitranges', limits)).status, 201);
    for (const [plural, field] of [
      ['pods', 'spec.containers'],
      ['persistentvolumeclaims', 'spec.resources[storage]'],
      ['services', 'spec.ports'],
    ] as const) {
      const { status, body } = await create(plural, { metadata: { name: 'a' } });
      assert.equal(status, 422, `${plural}: ${body.message}`);
      assert.ok(body.message.includes(`${field}: Required value`), body.message);
    }
  });

  it('are whole for everybody who reads them: a headless Service without ports', async () => {
    const { status, body } = await create('services', { metadata: { name: 'none' }, spec: { clusterIP: 'None' } });
    assert.equal(status, 201, body.message);
    assert.deepEqual(body.spec.ports, []);
    const table = await bed.get(`${IN_DEFAULT}/services`, { accept: TABLE });
    assert.equal(table.status, 200);
  });

  it('do no harm to others: a LimitRange without limits', async () => {
    assert.equal((await create('limitranges', { metadata: { name: 'none' } })).status, 201);
    const { status } = await bed.send('POST', PODS, pod('web'));
    assert.equal(status, 201);
  });

  it('are refused where what is there is of the wrong type: a Source', async () => {
    const sources = '/apis/sampan.dev/v1/sources';
    const meta = { metadata: { name: 'a' } };
    const wrong = await bed.send('POST', sources, { ...meta, spec: { location: '/x' }, status: { history: 'long' } });
    assert.equal(wrong.status, 400);
    assert.match(wrong.json().message, /status\.history: expected a list, got "long"/);
    const nothing = await bed.send('POST', sources, meta);
    assert.equal(nothing.status, 422);
    assert.match(nothing.json().message, /spec\.location: Required value/);
  });
});
