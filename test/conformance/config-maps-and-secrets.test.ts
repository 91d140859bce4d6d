/** Kubernetes' conformance for ConfigMaps and Secrets, as far as the API goes. What containers see of them: test/e2e/volumes.test.ts. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { remove, wholeLife, write } from './whole-life.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const MERGE = 'application/merge-patch+json';

describe('conformance: ConfigMap and Secret', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  for (const [lines, plural, valueOf] of [
    ['7', 'configmaps', (text: string) => text],
    ['8', 'secrets', base64],
  ] as const) {
    const path = `/api/v1/namespaces/default/${plural}`;

    conforms(`${lines}.1`, async () => {
      const refused = await bed.send('POST', path, { metadata: { name: 'a' }, data: { '': valueOf('value') } });
      assert.equal(refused.status, 422, refused.text);
      assert.match(refused.json().message, /data/);
    });

    conforms(`${lines}.2`, async () => {
      await wholeLife(bed, {
        path,
        everywhere: `/api/v1/${plural}`,
        body: { data: { color: valueOf('red') } },
        patch: { data: { color: valueOf('green') } },
        patched: ({ data }) => assert.deepEqual(data, { color: valueOf('green') }),
        update: ({ data }) => (data.size = valueOf('large')),
        updated: ({ data }) => assert.deepEqual(data, { color: valueOf('green'), size: valueOf('large') }),
      });
    });

    conforms(`${lines}.6`, async () => {
      await write(bed, 'POST', path, { metadata: { name: 'fixed' }, data: { color: valueOf('red') } });
      await write(bed, 'PATCH', `${path}/fixed`, { data: { color: valueOf('blue') } }, MERGE);
      await write(bed, 'PATCH', `${path}/fixed`, { immutable: true }, MERGE);
      for (const change of [{ data: { color: valueOf('green') } }, { immutable: false }, { immutable: null }]) {
        const refused = await bed.send('PATCH', `${path}/fixed`, change, MERGE);
        assert.equal(refused.status, 422, JSON.stringify(change));
      }
      const relabelled = await write(bed, 'PATCH', `${path}/fixed`, { metadata: { labels: { a: 'b' } } }, MERGE);
      assert.deepEqual(relabelled.data, { color: valueOf('blue') });
      await remove(bed, `${path}/fixed`);
    });
  }
});
