import assert from 'node:assert/strict';
import { attributesOf, type RequestAttributes } from '../../../../daemon/apiserver/access/request-attributes.ts';
import { type ResourceRequest, resourceRequest } from '../../../../daemon/apiserver/request-info.ts';

/** `verb namespace group/version/resource/subresource name`, `-` for what is empty; `verb path` for no resource. */
function described(method: string, url: string): string {
  const asked = attributesOf(method, url);
  if (asked.type === 'path') return `${asked.verb} ${asked.path}`;
  const { verb, namespace, group, version, resource, subresource, name } = asked;
  return [verb, namespace, [group, version, resource, subresource].map((part) => part || '-').join('/'), name]
    .map((part) => part || '-')
    .join(' ');
}

describe('the attributes of a request', () => {
  const cases: readonly [string, string, string][] = [
    ['GET', '/api/v1/pods', 'list - -/v1/pods/- -'],
    ['GET', '/api/v1/namespaces/a/pods', 'list a -/v1/pods/- -'],
    ['GET', '/api/v1/namespaces/a/pods?watch=true', 'watch a -/v1/pods/- -'],
    ['GET', '/api/v1/namespaces/a/pods?watch=0', 'list a -/v1/pods/- -'],
    ['GET', '/api/v1/namespaces/a/pods/x', 'get a -/v1/pods/- x'],
    ['HEAD', '/api/v1/namespaces/a/pods/x', 'get a -/v1/pods/- x'],
    ['POST', '/api/v1/namespaces/a/pods/x/exec?command=id', 'create a -/v1/pods/exec x'],
    ['GET', '/api/v1/namespaces/a/pods/x/proxy/a/b', 'get a -/v1/pods/proxy x'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection a -/v1/pods/- -'],
    ['DELETE', '/api/v1/namespaces/a/pods/x', 'delete a -/v1/pods/- x'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/x/scale', 'patch a apps/v1/deployments/scale x'],
    ['GET', '/api/v1/namespaces', 'list - -/v1/namespaces/- -'],
    ['GET', '/api/v1/namespaces/a', 'get a -/v1/namespaces/- a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update a -/v1/namespaces/finalize a'],
    ['GET', '/api/v1/namespaces/a/status', 'get a -/v1/namespaces/status a'],
    ['GET', '/api/v1/nodes/n', 'get - -/v1/nodes/- n'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx', 'list - -/v1/pods/- x'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name!%3Dx', 'list - -/v1/pods/- -'],
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn,metadata.name%3D%3Dx&watch=1', 'watch - -/v1/pods/- x'],
    ['GET', '/api/v1/../../api/v1/secrets', 'list - -/v1/secrets/- -'],
    ['GET', '/api/v1/namespaces/a/pods/..%2Fsecrets', 'get a -/v1/pods/- ../secrets'],
    ['OPTIONS', '/api/v1/pods', '- - -/v1/pods/- -'],
    ['GET', '/api/v1/watch/pods', 'watch - -/v1/pods/- -'],
    ['GET', '/api/v1/watch/namespaces/a/pods/x', 'watch a -/v1/pods/- x'],
    ['POST', '/api/v1/watch/pods', 'create - -/v1/watch/- pods'],
    ['GET', '/api', 'get /api'],
    ['GET', '/api/v1', 'get /api/v1'],
    ['GET', '/apis/apps', 'get /apis/apps'],
    ['GET', '/apis/apps/v1', 'get /apis/apps/v1'],
    ['GET', '/healthz?verbose', 'get /healthz'],
    ['POST', '/', 'post /'],
    ['GET', '/api/v1/%E0%A4%A', 'get /api/v1/%E0%A4%A'],
  ];
  for (const [method, url, expected] of cases) {
    it(`${method} ${url}`, () => assert.equal(described(method, url), expected));
  }

  it('are answered as they are authorized', () => {
    let compared = 0;
    for (const [method, url] of cases) {
      const asked = attributesOf(method, url);
      const answered = answeredAs(asked);
      if (asked.type !== 'resource' || answered === undefined) continue;
      assert.deepEqual(
        [answered.verb, answered.info.plural, answered.subresource],
        [asked.verb, asked.resource, asked.subresource],
      );
      if (answered.info.namespaced) assert.equal(answered.namespace, asked.namespace, url);
      if (answered.name !== '') assert.equal(answered.name, asked.name, url);
      compared += 1;
    }
    assert.ok(compared > 10, `only ${compared} compared`);
  });

  it('keep what comes behind a subresource as it was written', () => {
    const behind = (path: string) => {
      const asked = attributesOf('GET', path);
      return asked.type === 'resource' ? asked.behind : undefined;
    };
    assert.equal(behind('/api/v1/namespaces/a/pods/x/proxy'), '');
    assert.equal(behind('/api/v1/namespaces/a/pods/x/proxy/'), '/');
    assert.equal(behind('/api/v1/namespaces/a/pods/x/proxy/a/b%20c/?q=1'), '/a/b%20c/');
    assert.equal(behind('/api/v1/nodes/n/proxy//metrics'), '//metrics');
  });

  it('of a watch asked for in the old way are those of its selector', () => {
    const asked = attributesOf('GET', '/api/v1/watch/namespaces/a/pods/x?fieldSelector=status.phase%3DRunning');
    assert.equal(
      asked.type === 'resource' && asked.query.toString(),
      'fieldSelector=status.phase%3DRunning%2Cmetadata.name%3Dx&watch=true',
    );
  });

  it('refuse a URL that is none', () => {
    assert.throws(() => attributesOf('GET', 'http://['), /cannot read the URL/);
  });
});

/** Undefined where the request is refused before it is looked at. */
function answeredAs(asked: RequestAttributes): ResourceRequest | undefined {
  try {
    return asked.type === 'resource' ? resourceRequest(asked) : undefined;
  } catch {
    return undefined;
  }
}
