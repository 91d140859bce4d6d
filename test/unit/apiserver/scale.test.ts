import assert from 'node:assert/strict';
import { scaleOf, withScale } from '../../../daemon/apiserver/write/scale.ts';
import type { ReplicationController } from '../../../reconcilers/objects/replication-controller.ts';
import { type HttpBed, startHttpBed } from './http-bed.ts';

const RC = '/api/v1/namespaces/default/replicationcontrollers';
const PATH = `${RC}/web/scale`;
const MERGE = 'application/merge-patch+json';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('replicationcontrollers/scale', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
    const template = {
      metadata: { labels: { app: 'web', tier: 'a' } },
      spec: { containers: [{ name: 'web', image: 'web' }] },
    };
    const made = await bed.send('POST', RC, {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { tier: 'a', app: 'web' }, template },
    });
    assert.equal(made.status, 201, made.text);
  });
  afterEach(() => bed.close());

  const controller = async (): Promise<ReplicationController> => (await bed.get(`${RC}/web`)).json();
  const scale = async () => (await bed.get(PATH)).json();

  it('shows the controller as something that is scaled', async () => {
    const { metadata } = await controller();
    assert.deepEqual(await scale(), {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: {
        name: 'web',
        namespace: 'default',
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        creationTimestamp: metadata.creationTimestamp,
      },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=web,tier=a' },
    });
  });

  it('is scaled by a patch, and nothing else of it changes', async () => {
    const before = await controller();
    const answer = await bed.send('PATCH', PATH, { spec: { replicas: 5 }, status: { replicas: 9 } }, MERGE);
    assert.deepEqual([answer.status, answer.json().kind, answer.json().spec], [200, 'Scale', { replicas: 5 }]);
    const after = await controller();
    assert.deepEqual(after.spec, { ...before.spec, replicas: 5 });
    assert.deepEqual([after.status, after.metadata.labels], [before.status, before.metadata.labels]);
    assert.equal(after.metadata.generation, 2);
  });

  it('is scaled by a whole Scale, to none where that leaves the number out', async () => {
    const given = await scale();
    assert.equal((await bed.send('PUT', PATH, { ...given, spec: { replicas: 3 } })).status, 200);
    assert.equal((await controller()).spec.replicas, 3);
    assert.equal((await bed.send('PUT', PATH, { ...(await scale()), spec: {} })).status, 200);
    assert.equal((await controller()).spec.replicas, 0);
  });

  it('refuses a number below none, in the words of Scale', async () => {
    const answer = await bed.send('PATCH', PATH, { spec: { replicas: -1 } }, MERGE);
    const { message, code } = answer.json();
    const detail = 'spec.replicas: Invalid value: -1: must be greater than or equal to 0';
    assert.deepEqual([code, message], [422, `Scale.autoscaling "web" is invalid: ${detail}`]);
  });

  it('insists on the version and the uid that it is given', async () => {
    const old = await scale();
    await bed.send('PATCH', PATH, { spec: { replicas: 5 } }, MERGE);
    const { uid } = old.metadata;
    assert.equal((await bed.send('PUT', PATH, { ...old, spec: { replicas: 1 } })).status, 409);
    const { resourceVersion: _, ...metadata } = old.metadata;
    const other = { ...old, metadata: { ...metadata, uid: 'somebody-else' }, spec: { replicas: 1 } };
    assert.equal((await bed.send('PUT', PATH, other)).status, 409);
    const same = { ...old, metadata: { ...metadata, uid }, spec: { replicas: 1 } };
    assert.equal((await bed.send('PUT', PATH, same)).status, 200);
  });

  it('takes a Scale and no controller', async () => {
    const answer = await bed.send('PUT', PATH, await controller());
    assert.equal(answer.status, 400, answer.text);
  });

  it('is printed with columns of its own', async () => {
    const { kind, columnDefinitions, rows } = (await bed.get(PATH, { accept: TABLE })).json();
    assert.equal(kind, 'Table');
    assert.deepEqual(
      columnDefinitions.map(({ name }: { name: string }) => name),
      ['Name', 'Desired', 'Available', 'Age'],
    );
    assert.deepEqual(rows[0].cells.slice(0, 3), ['web', 2, 0]);
  });

  it('is a pure conversion', async () => {
    const stored = await controller();
    const { spec } = withScale(stored, { ...scaleOf(stored), spec: { replicas: 7 } });
    assert.deepEqual(spec, { ...stored.spec, replicas: 7 });
    assert.equal(stored.spec.replicas, 2);
  });
});
