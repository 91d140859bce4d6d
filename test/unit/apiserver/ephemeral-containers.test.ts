import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from './http-bed.ts';

const POD = '/api/v1/namespaces/default/pods/web';
const PATH = `${POD}/ephemeralcontainers`;
const STRATEGIC = 'application/strategic-merge-patch+json';
const debug = { name: 'debug', image: 'busybox', targetContainerName: 'web' };

describe('pods/ephemeralcontainers', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
    const spec = { containers: [{ name: 'web', image: 'web' }] };
    const created = await bed.send('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec,
    });
    assert.equal(created.status, 201, created.text);
  });
  afterEach(() => bed.close());

  const add = (container: object) => bed.send('PATCH', PATH, { spec: { ephemeralContainers: [container] } }, STRATEGIC);
  const stored = async () => (await bed.get(POD)).json();

  it('shows the pod', async () => {
    assert.deepEqual((await bed.get(PATH)).json(), await stored());
  });

  it('adds to a pod what a patch brings, one after another', async () => {
    const first = await add(debug);
    assert.equal(first.status, 200, first.text);
    assert.equal((await add({ name: 'more', image: 'x' })).status, 200);
    const { spec, metadata } = await stored();
    assert.deepEqual(spec.ephemeralContainers.map(({ name }: { name: string }) => name).sort(), ['debug', 'more']);
    assert.equal(metadata.generation, 3);
  });

  it('takes nothing else of the pod', async () => {
    const pod = await stored();
    const body = {
      ...pod,
      metadata: { ...pod.metadata, labels: { a: 'b' } },
      spec: { ...pod.spec, nodeName: 'elsewhere', ephemeralContainers: [debug] },
      status: { phase: 'Failed' },
    };
    assert.equal((await bed.send('PUT', PATH, body)).status, 200);
    const now = await stored();
    assert.deepEqual(now.spec, { ...pod.spec, ephemeralContainers: [debug] });
    assert.deepEqual([now.metadata.labels, now.status], [pod.metadata.labels, pod.status]);
  });

  it('lets none change or go', async () => {
    await add(debug);
    const pod = await stored();
    for (const [ephemeralContainers, done] of [
      [[{ ...debug, image: 'other' }], 'changed'],
      [[], 'removed'],
    ] as const) {
      const answer = await bed.send('PUT', PATH, { ...pod, spec: { ...pod.spec, ephemeralContainers } });
      const detail = `Forbidden: existing ephemeral containers "debug" may not be ${done}`;
      assert.deepEqual(
        [answer.status, answer.json().message],
        [422, `Pod "web" is invalid: spec.ephemeralContainers: ${detail}`],
      );
    }
  });

  it('refuses what is no ephemeral container, and a version that is not the newest', async () => {
    const invalid = await add({ ...debug, targetContainerName: 'nobody' });
    assert.equal(invalid.status, 422);
    assert.match(invalid.json().message, /targetContainerName: Not found: "nobody"/);
    const pod = await stored();
    await add(debug);
    assert.equal((await bed.send('PUT', PATH, pod)).status, 409);
  });

  it('is the only way to them', async () => {
    const pod = await stored();
    const answer = await bed.send('PUT', POD, { ...pod, spec: { ...pod.spec, ephemeralContainers: [debug] } });
    assert.equal(answer.status, 422);
    assert.match(answer.json().message, /pod updates may not change fields other than/);
  });
});
