import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';

const AS_V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const AS_BETA = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
const WHOLE = ['get', 'patch', 'update'];

interface Named {
  readonly name?: string;
  readonly resource?: string;
  readonly subresource?: string;
}

function named<T extends Named>(list: readonly T[], name: string): T | undefined {
  return list.find((entry) => (entry.name ?? entry.subresource ?? entry.resource) === name);
}

describe('discovery', () => {
  let api: HttpBed;
  before(async () => {
    api = await startHttpBed();
  });
  after(() => api.close());

  it('lists the versions of the core group', async () => {
    const { headers, json } = await api.get('/api');
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(json(), { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  });

  it('lists the other groups, each with a preferred version that it has', async () => {
    const { kind, apiVersion, groups } = (await api.get('/apis')).json();
    assert.deepEqual([kind, apiVersion], ['APIGroupList', 'v1']);
    const lease = { groupVersion: 'coordination.k8s.io/v1', version: 'v1' };
    assert.deepEqual(named(groups, 'coordination.k8s.io'), {
      name: 'coordination.k8s.io',
      versions: [lease],
      preferredVersion: lease,
    });
    for (const { name, versions, preferredVersion } of groups) {
      assert.notEqual(name, '');
      assert.ok(
        versions.some((each: typeof lease) => each.groupVersion === preferredVersion.groupVersion),
        name,
      );
    }
    const [group] = groups;
    assert.deepEqual((await api.get(`/apis/${group.name}`)).json(), { kind: 'APIGroup', apiVersion: 'v1', ...group });
  });

  it('lists the resources of each group-version, and at least one', async () => {
    const { groups } = (await api.get('/apis')).json();
    const groupVersions = groups.flatMap(({ versions }: { versions: { groupVersion: string }[] }) =>
      versions.map(({ groupVersion }) => groupVersion),
    );
    for (const groupVersion of groupVersions) {
      const list = (await api.get(`/apis/${groupVersion}`)).json();
      assert.deepEqual([list.kind, list.groupVersion], ['APIResourceList', groupVersion]);
      assert.ok(list.resources.length > 0);
    }
  });

  it('describes resources and subresources as Kubernetes does', async () => {
    const { resources } = (await api.get('/api/v1')).json();
    assert.deepEqual(named(resources, 'replicationcontrollers'), {
      name: 'replicationcontrollers',
      singularName: 'replicationcontroller',
      namespaced: true,
      kind: 'ReplicationController',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['rc'],
      categories: ['all'],
    });
    assert.deepEqual(named(resources, 'pods/log'), {
      name: 'pods/log',
      singularName: '',
      namespaced: true,
      kind: 'Pod',
      verbs: ['get'],
    });
    assert.deepEqual(named(resources, 'nodes/status'), {
      name: 'nodes/status',
      singularName: '',
      namespaced: false,
      kind: 'Node',
      verbs: WHOLE,
    });
    assert.equal(named(resources, 'events/status'), undefined);
  });

  for (const [accept, version] of [
    [AS_V2, 'v2'],
    [AS_BETA, 'v2beta1'],
  ] as const) {
    it(`answers in two requests where ${version} is asked for`, async () => {
      const core = await api.get('/api', { accept: `${accept},application/json` });
      assert.equal(core.headers['content-type'], accept);
      assert.match(core.headers.vary ?? '', /Accept/);
      const { kind, apiVersion, items } = core.json();
      assert.deepEqual([kind, apiVersion], ['APIGroupDiscoveryList', `apidiscovery.k8s.io/${version}`]);
      assert.deepEqual(items[0].metadata, {});
      const [v1] = items[0].versions;
      assert.deepEqual([items.length, v1.version, v1.freshness], [1, 'v1', 'Current']);
      const pods = named<{ resource: string; subresources: Named[] }>(v1.resources, 'pods');
      assert.deepEqual(
        { ...pods, subresources: [] },
        {
          resource: 'pods',
          responseKind: { group: '', version: 'v1', kind: 'Pod' },
          scope: 'Namespaced',
          singularResource: 'pod',
          verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
          shortNames: ['po'],
          categories: ['all'],
          subresources: [],
        },
      );
      assert.deepEqual(named(pods?.subresources ?? [], 'status'), {
        subresource: 'status',
        responseKind: { group: '', version: 'v1', kind: 'Pod' },
        verbs: WHOLE,
      });

      const groups = (await api.get('/apis', { accept })).json().items;
      const leases = groups.find(({ metadata }: { metadata: Named }) => metadata.name === 'coordination.k8s.io');
      assert.equal(leases.versions[0].resources[0].resource, 'leases');
    });
  }

  it('tells the plain and the aggregated form of one path apart by their ETags', async () => {
    const tags = await Promise.all(
      ['*/*', AS_V2, AS_BETA].map(async (accept) => (await api.get('/apis', { accept })).headers.etag),
    );
    assert.equal(new Set(tags).size, 3);
  });

  it('sends a client nothing that it has already', async () => {
    const { etag = '', ...first } = (await api.get('/api', { accept: AS_V2 })).headers;
    assert.match(etag, /^"[0-9A-F]{64}"$/);
    assert.match(first['cache-control'] ?? '', /public/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await api.get('/api', { accept: AS_V2, 'if-none-match': tag });
      assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', etag]);
    }
    assert.equal((await api.get('/api', { accept: AS_V2, 'if-none-match': '"other"' })).status, 200);
  });

  it('refuses what it cannot answer', async () => {
    const yaml = await api.get('/api', { accept: 'application/yaml' });
    assert.deepEqual([yaml.status, yaml.json().reason], [406, 'NotAcceptable']);
    assert.equal((await api.get('/apis', {}, 'POST')).status, 405);
    assert.equal((await api.get('/apis/apps')).status, 404);
    assert.equal((await api.get('/apis/coordination.k8s.io/v7')).status, 404);
    const head = await api.get('/api/v1/?timeout=32s', {}, 'HEAD');
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  it('tells the version in numbers, and as kubectl reads it', async () => {
    const { major, minor, gitVersion } = (await api.get('/version?timeout=32s')).json();
    assert.match(`${major}.${minor}`, /^\d+\.\d+$/);
    assert.equal(gitVersion, `v${major}.${minor}.0+sampan-0.1.0`);
  });
});
