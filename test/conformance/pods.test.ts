/** Kubernetes' conformance for pods, as far as the API goes. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { Watching } from '../unit/apiserver/semantics/watching.ts';
import { conforms } from './conforms.ts';
import { type Body, read, remove, write } from './whole-life.ts';

const PODS = '/api/v1/namespaces/default/pods';
const STRATEGIC = 'application/strategic-merge-patch+json';

describe('conformance: Pod', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const create = (name: string, labels: Record<string, string> = {}) =>
    write(bed, 'POST', PODS, { metadata: { name, labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } });
  const names = async (selector: string): Promise<string[]> =>
    (await read(bed, `${PODS}?labelSelector=${encodeURIComponent(selector)}`)).items.map(
      (pod: Body) => pod.metadata.name,
    );

  conforms('1.3', async () => {
    const pod = await create('web', { time: 'first' });
    pod.metadata.labels.time = 'second';
    await write(bed, 'PUT', `${PODS}/web`, pod);
    assert.deepEqual([await names('time=first'), await names('time=second')], [[], ['web']]);
  });

  conforms('1.5', async () => {
    for (const name of ['one', 'two', 'three']) await create(name, { set: name === 'three' ? 'b' : 'a' });
    await remove(bed, `${PODS}?labelSelector=set%3Da`);
    assert.deepEqual([await names('set=a'), await names('set=b')], [[], ['three']]);
  });

  conforms('1.7', async () => {
    await create('web');
    const patch = { status: { message: 'patched', reason: 'ByTest' } };
    const patched = await write(bed, 'PATCH', `${PODS}/web/status`, patch, STRATEGIC);
    assert.equal(patched.status.message, 'patched');
    const { status } = await read(bed, `${PODS}/web/status`);
    assert.deepEqual([status.phase, status.message, status.reason], ['Pending', 'patched', 'ByTest']);
  });

  conforms('1.8', async () => {
    const watching = await Watching.open(bed.socketPath, `${PODS}?watch=1&labelSelector=life`);
    await create('web', { life: 'first' });
    const patch = {
      metadata: { labels: { life: 'patched' } },
      spec: { containers: [{ name: 'web', image: 'web:2' }] },
    };
    const patched = await write(bed, 'PATCH', `${PODS}/web`, patch, STRATEGIC);
    assert.equal(patched.spec.containers[0].image, 'web:2');

    const condition = { type: 'Ready', status: 'False', reason: 'ByTest' };
    const pod = await read(bed, `${PODS}/web/status`);
    pod.status.conditions = [condition];
    await write(bed, 'PUT', `${PODS}/web/status`, pod);
    assert.equal((await read(bed, `${PODS}/web`)).status.conditions[0].reason, 'ByTest');
    await remove(bed, `${PODS}/web?gracePeriodSeconds=0`);

    const seen = [await watching.next(), await watching.next(), await watching.next(), await watching.next()];
    watching.close();
    assert.deepEqual(
      seen.map((event) => [event.type, (event.object as Body).metadata.labels.life]),
      [
        ['ADDED', 'first'],
        ['MODIFIED', 'patched'],
        ['MODIFIED', 'patched'],
        ['DELETED', 'patched'],
      ],
    );
  });
});
