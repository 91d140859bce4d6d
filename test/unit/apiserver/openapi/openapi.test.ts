import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { fieldsIn } from './protobuf-reader.ts';

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const POD = '/api/v1/namespaces/{namespace}/pods/{name}';
const CORE = 'io.k8s.api.core.v1';

describe('OpenAPI v3', () => {
  let api: HttpBed;
  before(async () => {
    api = await startHttpBed();
  });
  after(() => api.close());

  const urlOf = async (path: string): Promise<string> =>
    (await api.get('/openapi/v3')).json().paths[path].serverRelativeURL;
  const document = async (path: string) => (await api.get(await urlOf(path))).json();

  it('has one document for each group-version that discovery has', async () => {
    const { paths } = (await api.get('/openapi/v3', { accept: 'application/json, */*' })).json();
    const { groups } = (await api.get('/apis')).json();
    const expected = groups.flatMap(({ versions }: { versions: { groupVersion: string }[] }) =>
      versions.map(({ groupVersion }) => `apis/${groupVersion}`),
    );
    assert.deepEqual(Object.keys(paths).toSorted(), ['api/v1', ...expected].toSorted());
  });

  it('has every resource of discovery in it, under its kind', async () => {
    const { paths } = await document('api/v1');
    for (const { name, kind, namespaced } of (await api.get('/api/v1')).json().resources) {
      const [resource, subresource] = name.split('/');
      const scope = namespaced ? '/namespaces/{namespace}' : '';
      const path = `/api/v1${scope}/${resource}${subresource === undefined ? '' : `/{name}/${subresource}`}`;
      const [operation] = Object.values<{ 'x-kubernetes-group-version-kind': { kind: string } }>(paths[path]).slice(1);
      assert.equal(operation?.['x-kubernetes-group-version-kind'].kind, kind, path);
    }
  });

  it('tells kubectl that the server validates fields and takes strategic merge patches', async () => {
    const { patch, post, parameters } = {
      ...(await document('api/v1')).paths[POD],
      post: (await document('api/v1')).paths['/api/v1/namespaces/{namespace}/pods'].post,
    };
    assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: '', version: 'v1', kind: 'Pod' });
    for (const each of [patch, post]) {
      const inQuery = each.parameters.map(({ name }: { name: string }) => name);
      for (const name of ['fieldValidation', 'dryRun', 'fieldManager']) assert.ok(inQuery.includes(name), name);
    }
    assert.ok(patch.requestBody.content['application/strategic-merge-patch+json']);
    assert.deepEqual(
      parameters.map(({ name }: { name: string }) => name),
      ['namespace', 'name'],
    );
  });

  it('refers to nothing that it does not have, and has nothing that it does not refer to', async () => {
    const { paths, components } = await document('apis/coordination.k8s.io/v1');
    const referred = (value: unknown) =>
      new Set(
        [...JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
      );
    const all = referred({ paths, components });
    assert.deepEqual([...all].toSorted(), Object.keys(components.schemas).toSorted());
    assert.ok(referred(paths).has('io.k8s.api.coordination.v1.LeaseList'));
  });

  it('says what a field means beside the type it refers to', async () => {
    const { schemas } = (await document('api/v1')).components;
    const { lifecycle, env } = schemas[`${CORE}.Container`].properties;
    assert.match(lifecycle.description, /^Actions that the management system should take/);
    assert.deepEqual(lifecycle.allOf, [{ $ref: `#/components/schemas/${CORE}.Lifecycle` }]);
    assert.deepEqual(env.items, { $ref: `#/components/schemas/${CORE}.EnvVar` });
    const { oneOf, type, format } = schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'];
    assert.deepEqual([oneOf, type, format], [[{ type: 'integer' }, { type: 'string' }], undefined, 'int-or-string']);
  });

  it('lets a document under its hash be kept for ever, and sends it once', async () => {
    const url = await urlOf('api/v1');
    const first = await api.get(url);
    assert.match(first.headers['cache-control'] ?? '', /public, immutable, max-age=31536000/);
    assert.ok(url.includes(`hash=${first.headers.etag?.replaceAll('"', '')}`));
    const again = await api.get(url, { 'if-none-match': first.headers.etag });
    assert.deepEqual([again.status, again.text], [304, '']);
    const plain = await api.get('/openapi/v3/api/v1');
    assert.equal(plain.headers['cache-control'], 'no-cache, private');
    assert.equal(plain.text, first.text);
  });

  it('leads from an old hash to the new one', async () => {
    const { status, headers } = await api.get('/openapi/v3/api/v1?hash=OLD');
    assert.deepEqual([status, headers.location], [301, await urlOf('api/v1')]);
  });

  it('is sent compressed to whom can read it', async () => {
    const url = await urlOf('api/v1');
    const plain = await api.get(url);
    const packed = await api.get(url, { 'accept-encoding': 'deflate, gzip' });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(packed.text, plain.text);
    assert.ok(Number(packed.headers['content-length']) < Number(plain.headers['content-length']) / 4);
    assert.equal((await api.get(url, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
  });

  it('refuses what it cannot answer', async () => {
    assert.equal((await api.get('/openapi/v3', { accept: 'application/yaml' })).status, 406);
    assert.equal((await api.get('/openapi/v3', {}, 'POST')).status, 405);
    assert.equal((await api.get('/openapi/v3/apis/apps/v1')).status, 404);
    assert.equal((await api.get('/openapi/v4')).status, 404);
  });
});

describe('OpenAPI v2', () => {
  let api: HttpBed;
  before(async () => {
    api = await startHttpBed();
  });
  after(() => api.close());

  it('is one JSON document for all group-versions', async () => {
    const { headers, json } = await api.get('/openapi/v2');
    assert.equal(headers['content-type'], 'application/json');
    const { swagger, info, paths, definitions } = json();
    assert.deepEqual([swagger, info.version], ['2.0', 'v1.33.0+sampan-0.1.0']);
    assert.ok(paths['/apis/sampan.dev/v1/sources/{name}'].get);
    const { parameters } = paths[POD].patch;
    assert.deepEqual(parameters[0].schema, { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch' });
    assert.ok(parameters.some(({ name }: { name: string }) => name === 'fieldValidation'));
    assert.deepEqual(definitions[`${CORE}.Pod`]['x-kubernetes-group-version-kind'], [
      { group: '', version: 'v1', kind: 'Pod' },
    ]);
  });

  it('says the same as protobuf', async () => {
    const spec = (await api.get('/openapi/v2')).json();
    const { headers, bytes } = await api.get('/openapi/v2?timeout=32s', { accept: PROTOBUF });
    assert.equal(headers['content-type'], PROTOBUF.replace('@', '.'));
    const document = fieldsIn(bytes);
    assert.equal(document.text(1), '2.0');

    const definitions = document.named(9, 1);
    assert.deepEqual([...definitions.keys()], Object.keys(spec.definitions));
    for (const [name, schema] of definitions) {
      const expected = spec.definitions[name];
      assert.equal(schema.text(4), expected.description);
      assert.deepEqual(schema.texts(19), expected.required ?? []);
      const properties = schema.message(25)?.namedHere(1);
      assert.deepEqual([...(properties?.keys() ?? [])], Object.keys(expected.properties ?? {}));
    }
    const containers = definitions.get(`${CORE}.PodSpec`)?.message(25)?.namedHere(1).get('containers');
    assert.equal(containers?.message(22)?.text(1), 'array');
    assert.equal(containers?.message(23)?.message(1)?.text(1), `#/definitions/${CORE}.Container`);
    assert.deepEqual(
      [...(containers?.namedHere(31) ?? [])].map(([name, any]) => [name, JSON.parse(any.text(2) ?? '')]),
      [
        ['x-kubernetes-list-map-keys', ['name']],
        ['x-kubernetes-list-type', 'map'],
        ['x-kubernetes-patch-merge-key', 'name'],
        ['x-kubernetes-patch-strategy', 'merge'],
      ],
    );

    const paths = document.named(8, 2);
    assert.deepEqual([...paths.keys()], Object.keys(spec.paths));
    const patch = paths.get(POD)?.message(8);
    assert.equal(patch?.text(5), 'patchCoreV1NamespacedPod');
    const query = patch?.messages(8).map((item) => item.message(1)?.message(2)?.message(3)?.text(4));
    assert.deepEqual(query, [undefined, 'dryRun', 'fieldManager', 'fieldValidation', 'force']);
    assert.equal(patch?.messages(8)[0]?.message(1)?.message(1)?.text(2), 'body');
  });
});
