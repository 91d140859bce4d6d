/** Kubernetes' conformance for ReplicationControllers: through the API, with the loop that makes their pods. */
import assert from 'node:assert/strict';
import { createReplicationLoop } from '../../reconcilers/replication/index.ts';
import { type RunningLoops, startLoops } from '../fakes/running-loops.ts';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { Watching } from '../unit/apiserver/semantics/watching.ts';
import { conforms } from './conforms.ts';
import { type Body, read, remove, write } from './whole-life.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const CONTROLLERS = `${NAMESPACE}/replicationcontrollers`;
const MERGE = 'application/merge-patch+json';

describe('conformance: ReplicationController', () => {
  let bed: HttpBed;
  let loops: RunningLoops;
  beforeEach(async () => {
    bed = await startHttpBed();
    loops = await startLoops(bed.cluster, (deps) => [createReplicationLoop(deps)]);
  });
  afterEach(async () => {
    await loops.stop();
    await bed.close();
  });

  const create = (name: string, replicas: number) =>
    write(bed, 'POST', CONTROLLERS, {
      metadata: { name, labels: { test: 'yes' } },
      spec: {
        replicas,
        selector: { app: name },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      },
    });
  const scale = (name: string, replicas: number) =>
    write(bed, 'PATCH', `${CONTROLLERS}/${name}/scale`, { spec: { replicas } }, MERGE);

  conforms('4.6', async () => {
    const watching = await Watching.open(bed.socketPath, `${CONTROLLERS}?watch=1&labelSelector=test`);
    await create('web', 1);
    await loops.settled();
    await write(
      bed,
      'PATCH',
      `${CONTROLLERS}/web`,
      { metadata: { labels: { patched: 'yes' } }, spec: { replicas: 2 } },
      MERGE,
    );
    await loops.settled();
    assert.equal((await read(bed, `${NAMESPACE}/pods`)).items.length, 2);

    const condition = { type: 'Checked', status: 'True', reason: 'ByTest' };
    await write(bed, 'PATCH', `${CONTROLLERS}/web/status`, { status: { conditions: [condition] } }, MERGE);
    assert.equal((await read(bed, `${CONTROLLERS}/web/scale`)).spec.replicas, 2);
    await scale('web', 1);
    await loops.settled();
    assert.equal((await read(bed, `${CONTROLLERS}/web`)).status.replicas, 1);
    await create('other', 0);
    await remove(bed, `${CONTROLLERS}?labelSelector=test%3Dyes`);
    assert.deepEqual((await read(bed, CONTROLLERS)).items, []);

    const seen: string[] = [];
    while (seen.filter((each) => each.startsWith('DELETED')).length < 2) {
      const { type, object } = await watching.next();
      seen.push(`${type} ${(object as Body).metadata.name}`);
    }
    watching.close();
    assert.equal(seen[0], 'ADDED web');
    assert.ok(seen.includes('MODIFIED web') && seen.includes('DELETED web') && seen.includes('DELETED other'));
  });
});
