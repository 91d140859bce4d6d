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

  for (const [plural, inData, [empty, life, immutable]] of [
    ['configmaps', (text: string) => text, ['7.1', '7.2', '7.6']],
    ['secrets', base64, ['8.1', '8.2', '8.6']],
  ] as const) {
    const path = `/api/v1/namespaces/default/${plural}`;

    conforms(empty, async () => {
      const refused = await bed.send('POST', path, { metadata: { name: 'a' }, data: { '': inData('value') } });
      assert.equal(refused.status, 422, refused.text);
      assert.match(refused.json().message, /data/);
    });

    conforms(life, async () => {
      await wholeLife(bed, {
        path,
        everywhere: `/api/v1/${plural}`,
        body: { data: { color: inData('red') } },
        patch: { data: { color: inData('green') } },
        patched: ({ data }) => assert.deepEqual(data, { color: inData('green') }),
        update: ({ data }) => (data.size = inData('large')),
        updated: ({ data }) => assert.deepEqual(data, { color: inData('green'), size: inData('large') }),
      });
    });

    conforms(immutable, async () => {
      await write(bed, 'POST', path, { metadata: { name: 'fixed' }, data: { color: inData('red') } });
      await write(bed, 'PATCH', `${path}/fixed`, { data: { color: inData('blue') } }, MERGE);
      await write(bed, 'PATCH', `${path}/fixed`, { immutable: true }, MERGE);
      for (const change of [{ data: { color: inData('green') } }, { immutable: false }, { immutable: null }]) {
        const refused = await bed.send('PATCH', `${path}/fixed`, change, MERGE);
        assert.equal(refused.status, 422, JSON.stringify(change));
      }
      const relabelled = await write(bed, 'PATCH', `${path}/fixed`, { metadata: { labels: { a: 'b' } } }, MERGE);
      assert.deepEqual(relabelled.data, { color: inData('blue') });
      await remove(bed, `${path}/fixed`);
    });
  }
});
