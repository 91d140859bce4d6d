/**
 * What informers of client-go ask, header by header and parameter by parameter, as Prometheus' service discovery does for its roles: the
 * generations up to 0.26 in JSON, those from 0.32 with protobuf before JSON, those from 0.35 with the list as part of the watch.
 */
import assert from 'node:assert/strict';
import { KINDS } from '../../../../reconcilers/objects/kinds.ts';
import { fillCluster } from '../../../kubectl/harness/sample-cluster.ts';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { MERGE } from './sample-objects.ts';
import { Watching } from './watching.ts';

const ROLES = [
  { role: 'node', kind: 'Node', all: '/api/v1/nodes' },
  { role: 'pod', kind: 'Pod', all: '/api/v1/pods', own: '/api/v1/namespaces/default/pods' },
  { role: 'service', kind: 'Service', all: '/api/v1/services', own: '/api/v1/namespaces/default/services' },
  { role: 'endpoints', kind: 'Endpoints', all: '/api/v1/endpoints', own: '/api/v1/namespaces/default/endpoints' },
  {
    role: 'endpointslice',
    kind: 'EndpointSlice',
    all: '/apis/discovery.k8s.io/v1/endpointslices',
    own: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  },
] as const;
const ACCEPTS = {
  'JSON, as up to 0.26': 'application/json, */*',
  'protobuf or JSON, as from 0.32': 'application/vnd.kubernetes.protobuf,application/json',
};
const WATCH = 'allowWatchBookmarks=true&timeout=8m3s&timeoutSeconds=483&watch=true';

describe('informers of client-go', () => {
  let bed: HttpBed;
  let open: Watching[];
  before(async () => {
    bed = await startHttpBed();
    await fillCluster(bed.cluster);
  });
  beforeEach(() => {
    open = [];
  });
  afterEach(() => {
    for (const watching of open) watching.close();
  });
  after(() => bed.close());

  const watch = async (path: string, accept: string) => {
    const watching = await Watching.open(bed.socketPath, path, { accept });
    open.push(watching);
    return watching;
  };
  const touch = async (path: string, value: string) => {
    const { status, text } = await bed.send('PATCH', path, { metadata: { annotations: { touched: value } } }, MERGE);
    assert.equal(status, 200, text);
  };

  for (const { role, kind, all, ...more } of ROLES) {
    for (const [generation, accept] of Object.entries(ACCEPTS)) {
      const paths = 'own' in more ? [all, more.own] : [all];
      it(`list ${role}s from the cache and watch from there: ${generation}`, async () => {
        for (const path of paths) {
          const answer = await bed.get(`${path}?limit=500&resourceVersion=0`, { accept });
          assert.equal(answer.status, 200, answer.text);
          assert.equal(answer.headers['content-type'], 'application/json');
          const list = answer.json();
          const { apiVersion } = KINDS[kind];
          assert.deepEqual([list.kind, list.apiVersion], [`${kind}List`, apiVersion]);
          assert.ok(list.items.length > 0, `there is a ${kind}`);
          const { name, namespace } = list.items[0].metadata;
          const { resourceVersion } = list.metadata;

          const watching = await watch(`${path}?${WATCH}&resourceVersion=${resourceVersion}`, accept);
          assert.deepEqual([watching.status, watching.headers['content-type']], [200, 'application/json']);
          const base = namespace === undefined ? all : withNamespace(all, namespace);
          await touch(`${base}/${name}`, `${generation} ${path}`);
          const { type, object } = await watching.next();
          assert.deepEqual([type, object.kind, object.metadata.name], ['MODIFIED', kind, name]);
          assert.ok(Number(object.metadata.resourceVersion) > Number(resourceVersion));
        }
      });
    }

    it(`are given ${role}s by the watch itself, to a bookmark that ends them, as from 0.35`, async () => {
      const { items } = (await bed.get(all)).json();
      const accept = ACCEPTS['protobuf or JSON, as from 0.32'];
      const path = `${all}?${WATCH}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true`;
      const watching = await watch(path, accept);
      assert.equal(watching.status, 200);
      const names = items.map(({ metadata }: { metadata: { name: string } }) => `ADDED ${metadata.name}`);
      assert.deepEqual((await watching.names(names.length)).sort(), names.sort());
      const { type, object } = await watching.next();
      assert.deepEqual([type, object.kind], ['BOOKMARK', kind]);
      assert.equal(object.metadata.annotations['k8s.io/initial-events-end'], 'true');
    });
  }

  it('find what a role attaches to its targets: the node of a pod, by the name in its spec', async () => {
    const { items } = (await bed.get('/api/v1/pods?limit=500&resourceVersion=0')).json();
    const pod = items.find(({ spec }: { spec: { nodeName?: string } }) => spec.nodeName !== undefined);
    const { metadata } = (await bed.get(`/api/v1/nodes/${pod.spec.nodeName}`)).json();
    assert.equal(metadata.labels['kubernetes.io/hostname'], pod.spec.nodeName);
  });

  it('select by label and field, as kubernetes_sd_configs.selectors does', async () => {
    const query = 'fieldSelector=spec.nodeName%3Dn1&labelSelector=app%3Dweb&limit=500&resourceVersion=0';
    const { items } = (await bed.get(`/api/v1/pods?${query}`)).json();
    assert.deepEqual(
      items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['web-1'],
    );
  });
});

/** `/api/v1/pods` → `/api/v1/namespaces/default/pods` */
function withNamespace(path: string, namespace: string): string {
  return path.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`);
}
