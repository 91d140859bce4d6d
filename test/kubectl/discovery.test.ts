/** What a person sees of discovery through real kubectl. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

const RC = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { app: 'web' },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
};

// 1.27 reads aggregated discovery v2beta1, those from 1.30 on v2.
eachKubectl('discovery', ['1.27', '1.30'], (bed) => {
  const lines = async (...args: string[]) => (await bed().kubectl.run(args)).trimEnd().split('\n');
  const columns = (line: string | undefined) => line?.trim().split(/\s+/);

  it('lists the kinds, with their short names, scope and verbs', async () => {
    const [header, ...rows] = await lines('api-resources', '-o', 'wide');
    assert.deepEqual(columns(header)?.slice(0, 5), ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND']);
    const row = (name: string) => columns(rows.find((line) => line.startsWith(`${name} `)));
    assert.deepEqual(row('pods')?.slice(0, 5), ['pods', 'po', 'v1', 'true', 'Pod']);
    assert.deepEqual(row('replicationcontrollers')?.slice(0, 5), [
      'replicationcontrollers',
      'rc',
      'v1',
      'true',
      'ReplicationController',
    ]);
    assert.deepEqual(row('nodes')?.slice(0, 5), ['nodes', 'no', 'v1', 'false', 'Node']);
    assert.deepEqual(row('leases')?.slice(0, 4), ['leases', 'coordination.k8s.io/v1', 'true', 'Lease']);
    assert.deepEqual(row('sources')?.slice(0, 4), ['sources', 'sampan.dev/v1', 'false', 'Source']);
    assert.match(row('pods')?.[5] ?? '', /create,delete,deletecollection,get,list,patch,update,watch/);
  });

  it('lists the group-versions', async () => {
    const listed = await lines('api-versions');
    for (const groupVersion of ['coordination.k8s.io/v1', 'sampan.dev/v1', 'v1']) {
      assert.ok(listed.includes(groupVersion), `${groupVersion} is not in ${listed}`);
    }
  });

  it('says what it does not have', async () => {
    const { code, stderr } = await bed().kubectl.attempt(['get', 'widgets']);
    assert.equal(code, 1);
    assert.equal(stderr, `error: the server doesn't have a resource type "widgets"\n`);
  });

  it('reads a kind by its short name, and all kinds of the category', async () => {
    const file = bed().kubectl.writeFile('rc.json', JSON.stringify(RC));
    assert.deepEqual(await lines('create', '--validate=false', '-f', file), ['replicationcontroller/web created']);
    assert.deepEqual((await lines('get', 'rc')).map(columns), [
      ['NAME', 'DESIRED', 'CURRENT', 'READY', 'AGE'],
      ['web', '2', '0', '0', '0s'],
    ]);
    assert.deepEqual(
      (await lines('get', 'all')).map((line) => columns(line)?.[0]),
      ['NAME', 'replicationcontroller/web'],
    );
    assert.equal((await bed().kubectl.attempt(['get', 'pods'])).stderr, 'No resources found in default namespace.\n');
  });
});

eachKubectl('version and health', ['1.27', '1.32', '1.33'], (bed) => {
  it('tells its version, near enough for kubectl 1.32 and 1.33 to warn of nothing', async () => {
    const { stdout, stderr } = await bed().kubectl.attempt(['version']);
    assert.match(stdout, /Server Version: .*v1\.33\.0\+sampan-0\.1\.0/);
    if (bed().version === '1.27') assert.match(stderr, /exceeds the supported minor version skew/);
    else assert.equal(stderr, '');
  });

  it('is healthy', async () => {
    assert.equal(await bed().kubectl.run(['get', '--raw', '/readyz?verbose']), '[+]ping ok\nreadyz check passed\n');
  });
});
