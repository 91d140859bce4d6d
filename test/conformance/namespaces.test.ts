/** Kubernetes' conformance for namespaces: through the API, with the loop that empties what is deleted. */
import assert from 'node:assert/strict';
import { createNamespaceLoop } from '../../reconcilers/namespace/index.ts';
import { startLoops } from '../fakes/running-loops.ts';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { read, remove, write } from './whole-life.ts';

const NAMESPACES = '/api/v1/namespaces';
const SHOP = `${NAMESPACES}/shop`;

describe('conformance: Namespace', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
    await write(bed, 'POST', NAMESPACES, { metadata: { name: 'shop' } });
  });
  afterEach(() => bed.close());

  conforms('10.2', async () => {
    const loops = await startLoops(bed.cluster, (deps) => [createNamespaceLoop(deps)]);
    const service = { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
    await write(bed, 'POST', `${SHOP}/services`, service);
    await write(bed, 'POST', `${NAMESPACES}/default/services`, service);
    await remove(bed, SHOP);
    await loops.settled();
    assert.equal((await bed.get(SHOP)).status, 404);

    await write(bed, 'POST', NAMESPACES, { metadata: { name: 'shop' } });
    assert.deepEqual((await read(bed, `${SHOP}/services`)).items, []);
    await read(bed, `${NAMESPACES}/default/services/web`);
    await loops.stop();
  });

  conforms('10.3', async () => {
    const patch = { metadata: { labels: { team: 'blue' } } };
    await write(bed, 'PATCH', SHOP, patch, 'application/strategic-merge-patch+json');
    assert.deepEqual((await read(bed, SHOP)).metadata.labels, { 'kubernetes.io/metadata.name': 'shop', team: 'blue' });
  });

  conforms('10.4', async () => {
    const shop = await read(bed, SHOP);
    shop.metadata.labels.team = 'green';
    await write(bed, 'PUT', SHOP, shop);
    assert.equal((await read(bed, SHOP)).metadata.labels.team, 'green');
  });

  conforms('10.6', async () => {
    const condition = { type: 'Checked', status: 'True', reason: 'Patched', message: 'by a test' };
    const patch = { metadata: { annotations: { by: 'patch' } }, status: { conditions: [condition] } };
    const patched = await write(bed, 'PATCH', `${SHOP}/status`, patch, 'application/merge-patch+json');
    assert.equal(patched.status.phase, 'Active');
    assert.deepEqual(patched.status.conditions, [condition]);

    patched.status.conditions.push({ ...condition, type: 'Counted', reason: 'Updated' });
    await write(bed, 'PUT', `${SHOP}/status`, patched);
    const { status } = await read(bed, SHOP);
    assert.deepEqual([status.phase, status.conditions[1].reason], ['Active', 'Updated']);
  });
});
