/** `kubectl scale` against the API. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

const RC = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
};

eachKubectl('scale', ['1.27', '1.30', '1.33'], (bed) => {
  const replicas = async () => {
    const { registry } = bed().cluster;
    return (await registry.get('ReplicationController', { namespace: 'default', name: 'web' }))?.spec.replicas;
  };
  before(async () => {
    const file = bed().kubectl.writeFile('rc.json', JSON.stringify(RC));
    await bed().kubectl.run(['create', '-f', file]);
  });

  it('scales', async () => {
    assert.match(await bed().kubectl.run(['scale', 'rc', 'web', '--replicas=4']), /replicationcontroller\/web scaled/);
    assert.equal(await replicas(), 4);
  });

  it('scales only from the number that is named', async () => {
    const wrong = await bed().kubectl.attempt(['scale', 'rc', 'web', '--current-replicas=3', '--replicas=1']);
    assert.deepEqual([wrong.code, await replicas()], [1, 4], wrong.stderr);
    await bed().kubectl.run(['scale', 'rc', 'web', '--current-replicas=4', '--replicas=1']);
    assert.equal(await replicas(), 1);
  });

  it('shows and patches the subresource', async () => {
    await bed().kubectl.run([
      'patch',
      'rc',
      'web',
      '--subresource=scale',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":6}}',
    ]);
    assert.equal(await replicas(), 6);
    const shown = await bed().kubectl.run(['get', 'rc', 'web', '--subresource=scale']);
    assert.deepEqual(
      shown
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/).slice(0, 3)),
      [
        ['NAME', 'DESIRED', 'AVAILABLE'],
        ['web', '6', '0'],
      ],
    );
  });
});
