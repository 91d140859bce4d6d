/** HTTP itself: paths, methods, media types, compression, as clients of Kubernetes' API count on them. */
import assert from 'node:assert/strict';
import { load } from 'js-yaml';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { CONFIG_MAPS, configMap, MERGE } from './sample-objects.ts';

describe('the API over HTTP', () => {
  let bed: HttpBed;
  before(async () => {
    bed = await startHttpBed();
    assert.equal((await bed.send('POST', CONFIG_MAPS, configMap('a'))).status, 201);
  });
  after(() => bed.close());

  describe('at a path that is none', () => {
    for (const path of ['/nothing', '/api-docs', '/ui/index.html']) {
      it(`says so in plain text: ${path}`, async () => {
        const { status, headers, text } = await bed.get(path);
        assert.deepEqual([status, text], [404, '404 page not found\n']);
        assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
      });
    }

    for (const path of [
      '/api/v1/widgets',
      '/api/v1/namespaces/default/widgets',
      '/api/v2/pods',
      '/apis/apps/v1/statefulsets',
      '/apis/apps/v1/namespaces/default/deployments/a',
      '/apis/nowhere/v1/namespaces/default/things/a',
      `${CONFIG_MAPS}/a/status`,
      `${CONFIG_MAPS}/a/status/more`,
      '/api/v1/configmaps/a',
      '/api/v1/namespaces/default/nodes/n1',
      '/api/v1/%E0%A4%A',
    ]) {
      it(`answers with a Status below the API: ${path}`, async () => {
        const { status, json } = await bed.get(path);
        const { kind, reason, code, message } = json();
        assert.deepEqual([status, kind, reason, code], [404, 'Status', 'NotFound', 404]);
        assert.equal(message, 'the server could not find the requested resource');
      });
    }
  });

  describe('at a path', () => {
    it('does not mind a slash at its end, nor one too many', async () => {
      assert.equal((await bed.get(`${CONFIG_MAPS}/`)).json().kind, 'ConfigMapList');
      assert.equal((await bed.get('/api/v1//namespaces/default/configmaps/a/')).json().kind, 'ConfigMap');
    });

    it('reads percent-encoding in it and in the query', async () => {
      assert.equal((await bed.get('/api/v1/namespaces/%64efault/configmaps/%61')).json().metadata.name, 'a');
      const listed = await bed.get(`${CONFIG_MAPS}?fieldSelector=metadata.name%3D%61`);
      assert.equal(listed.json().items.length, 1);
    });

    for (const [path, message] of [
      [`${CONFIG_MAPS}/a%2Fb`, 'Name parameter invalid: "a/b": may not contain \'/\''],
      [`${CONFIG_MAPS}/a%25b`, 'Name parameter invalid: "a%b": may not contain \'%\''],
      ['/api/v1/namespaces/a%2Fb/configmaps', 'Namespace parameter invalid: "a/b": may not contain \'/\''],
    ] as const) {
      it(`refuses a name that could not be part of one: ${path}`, async () => {
        const { status, json } = await bed.get(path);
        assert.deepEqual([status, json().reason, json().message], [400, 'BadRequest', message]);
      });
    }

    it('climbs nowhere with dots', async () => {
      const { json } = await bed.get(`${CONFIG_MAPS}/%2e%2e/secrets`);
      assert.equal(json().kind, 'SecretList', 'as the URL standard reads it, and as it was authorized');
    });
  });

  describe('with a method', () => {
    for (const [method, path] of [
      ['POST', `${CONFIG_MAPS}/a`],
      ['PUT', CONFIG_MAPS],
      ['PATCH', CONFIG_MAPS],
      ['DELETE', '/api/v1/namespaces/default/status'],
      ['POST', '/api/v1/namespaces/default/finalize'],
      ['OPTIONS', CONFIG_MAPS],
      ['DELETE', '/api/v1/namespaces'],
      ['POST', '/api/v1'],
    ] as const) {
      it(`refuses what means nothing there: ${method} ${path}`, async () => {
        const { status, json } = await bed.get(path, {}, method);
        assert.deepEqual([status, json().reason], [405, 'MethodNotAllowed']);
        assert.equal(json().message, 'the server does not allow this method on the requested resource');
      });
    }

    it('HEAD tells what GET would, without it', async () => {
      const [head, get] = [await bed.get(`${CONFIG_MAPS}/a`, {}, 'HEAD'), await bed.get(`${CONFIG_MAPS}/a`)];
      assert.deepEqual([head.status, head.text], [200, '']);
      for (const header of ['content-type', 'content-length'] as const) {
        assert.equal(head.headers[header], get.headers[header]);
      }
    });
  });

  describe('with an Accept header', () => {
    const accept = (value: string, path = CONFIG_MAPS) => bed.get(path, { accept: value });

    it('answers JSON to whoever takes it, whatever is liked better', async () => {
      for (const value of [
        'application/json',
        '*/*',
        'application/*',
        'application/vnd.kubernetes.protobuf,application/json',
        'application/json, */*;q=0.8',
        'application/json;as=Nothing;v=v1;g=meta.k8s.io,application/json',
      ]) {
        const { status, headers } = await accept(value);
        assert.deepEqual([status, headers['content-type']], [200, 'application/json'], value);
      }
    });

    it('refuses what there is none of, naming what there is', async () => {
      for (const value of ['text/html', 'application/vnd.kubernetes.protobuf']) {
        const { status, json } = await accept(value);
        assert.deepEqual([status, json().reason], [406, 'NotAcceptable']);
        assert.match(json().message, /^only the following media types are accepted: application\/json/);
      }
    });

    it('makes a table of a list or an object, with what is asked for in each row', async () => {
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const listed = (await accept(table)).json();
      assert.deepEqual([listed.kind, listed.apiVersion], ['Table', 'meta.k8s.io/v1']);
      assert.deepEqual(
        listed.columnDefinitions.map(({ name, type, format, priority }: Record<string, unknown>) => [
          name,
          type,
          format,
          priority,
        ]),
        [
          ['Name', 'string', 'name', 0],
          ['Data', 'integer', '', 0],
          ['Age', 'string', '', 0],
        ],
      );
      assert.deepEqual(listed.rows[0].cells, ['a', 0, '0s']);
      assert.equal(listed.rows[0].object.kind, 'PartialObjectMetadata');
      assert.ok(Number(listed.metadata.resourceVersion) > 0);
      const one = (await accept(table, `${CONFIG_MAPS}/a?includeObject=Object`)).json();
      assert.equal(one.rows[0].object.kind, 'ConfigMap');
      const none = (await accept(table, `${CONFIG_MAPS}?includeObject=None`)).json();
      assert.equal(none.rows[0].object, undefined);
    });

    it('leaves all but the metadata out where that is asked for', async () => {
      const metadata = (as: string) => `application/json;as=${as};v=v1;g=meta.k8s.io`;
      const listed = (await accept(metadata('PartialObjectMetadataList'))).json();
      assert.deepEqual([listed.kind, listed.items[0].kind], ['PartialObjectMetadataList', 'PartialObjectMetadata']);
      const one = (await accept(metadata('PartialObjectMetadata'), `${CONFIG_MAPS}/a`)).json();
      assert.deepEqual(Object.keys(one).toSorted(), ['apiVersion', 'kind', 'metadata']);
    });
  });

  describe('with a body', () => {
    it('refuses media types that no body has, and bodies that are not what they say', async () => {
      const plain = await bed.sendText('POST', CONFIG_MAPS, 'hello', 'text/plain');
      assert.deepEqual([plain.status, plain.json().reason], [415, 'UnsupportedMediaType']);
      assert.match(plain.json().message, /accepted media types include: application\/json/);
      const broken = await bed.sendText('POST', CONFIG_MAPS, '{"metadata":', 'application/json');
      assert.deepEqual([broken.status, broken.json().reason], [400, 'BadRequest']);
      const nothing = await bed.sendText('POST', CONFIG_MAPS, '');
      assert.deepEqual([nothing.status, nothing.json().reason], [400, 'BadRequest']);
    });

    it('takes YAML', async () => {
      const text = 'metadata:\n  name: from-yaml\ndata:\n  k: "1"\n';
      const { status, json } = await bed.sendText('POST', CONFIG_MAPS, text, 'application/yaml');
      assert.deepEqual([status, json().data], [201, { k: '1' }]);
    });

    it('refuses one that is too large, in a Status', async () => {
      const text = JSON.stringify(configMap('large', {}, { k: 'x'.repeat(3 * 1024 * 1024) }));
      const { status, json } = await bed.sendText('POST', CONFIG_MAPS, text);
      assert.deepEqual([status, json().reason], [413, 'RequestEntityTooLarge']);
    });
  });

  describe('with an answer', () => {
    const gzip = { 'accept-encoding': 'gzip' };

    it('compresses a large one for who takes it', async () => {
      for (const name of ['large-1', 'large-2']) {
        await bed.send('POST', CONFIG_MAPS, configMap(name, {}, { k: 'x'.repeat(100_000) }));
      }
      const [small, large] = [await bed.get(`${CONFIG_MAPS}/a`, gzip), await bed.get(CONFIG_MAPS, gzip)];
      assert.equal(small.headers['content-encoding'], undefined);
      assert.equal(large.headers['content-encoding'], 'gzip');
      assert.ok(Number(large.headers['content-length']) < 10_000);
      const plain = await bed.get(CONFIG_MAPS);
      assert.equal(plain.headers['content-encoding'], undefined);
      assert.equal(large.text, plain.text);
      assert.equal(
        (await bed.get(CONFIG_MAPS, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'],
        undefined,
      );
    });

    it('forbids anybody to keep it, and names it for the audit log', async () => {
      const { headers } = await bed.get(`${CONFIG_MAPS}/a`);
      assert.equal(headers['cache-control'], 'no-cache, private');
      assert.match(String(headers['audit-id']), /^[0-9a-f-]{36}$/);
    });

    it('warns who changes by hand what a source declares', async () => {
      const declared = JSON.stringify({ metadata: { name: 'declared' }, data: { k: '1' } });
      const annotations = { 'sampan.dev/source': 'shop', 'sampan.dev/last-applied': declared };
      const body = { ...configMap('declared', {}, { k: '1' }), metadata: { name: 'declared', annotations } };
      await bed.send('POST', CONFIG_MAPS, body);
      const { headers } = await bed.send('PATCH', `${CONFIG_MAPS}/declared`, { data: { k: '2' } }, MERGE);
      assert.match(
        String(headers.warning),
        /^299 - "source shop declares data\.k: its next sync puts back what it says"$/,
      );
    });
  });

  describe('in YAML', () => {
    const inYaml = (path: string) => bed.get(path, { accept: 'application/yaml' });

    it('answers objects and lists', async () => {
      const { headers, text } = await inYaml(`${CONFIG_MAPS}/a`);
      assert.equal(headers['content-type'], 'application/yaml');
      assert.match(text, /^apiVersion: v1\ndata: {}\nkind: ConfigMap\nmetadata:\n {2}creationTimestamp: /);
      assert.deepEqual(load(text), (await bed.get(`${CONFIG_MAPS}/a`)).json());
      assert.deepEqual(load((await inYaml(CONFIG_MAPS)).text), (await bed.get(CONFIG_MAPS)).json());
    });

    it('answers no watch, as nothing says where a document ends', async () => {
      assert.equal((await inYaml(`${CONFIG_MAPS}?watch=true&timeoutSeconds=1`)).status, 406);
    });
  });
});
