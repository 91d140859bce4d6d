import assert from 'node:assert/strict';
import type { Action } from '../../../../daemon/apiserver/access/authorizer.ts';
import { impersonated } from '../../../../daemon/apiserver/access/impersonation.ts';
import { classOf, InFlight, isVital } from '../../../../daemon/apiserver/access/in-flight.ts';
import { attributesOf } from '../../../../daemon/apiserver/access/request-attributes.ts';
import { staticTokens } from '../../../../daemon/apiserver/access/static-tokens.ts';

describe('static tokens', () => {
  it('reads users, uids and quoted groups', async () => {
    const known = staticTokens(
      '# comment\ns3cret,ann,7,"devs, ops"\r\n\nother,"b,ob"\n"quo""ted",carl,,devs',
      'tokens.csv',
    );
    assert.deepEqual(await known('s3cret'), { name: 'ann', uid: '7', groups: ['devs', 'ops'] });
    assert.deepEqual(await known('other'), { name: 'b,ob', groups: [] });
    assert.deepEqual(await known('quo"ted'), { name: 'carl', groups: ['devs'] });
    assert.equal(await known('S3CRET'), undefined);
    assert.equal(await known(''), undefined);
  });

  for (const [text, message] of [
    ['ok,ann\ns3cret', /tokens\.csv:2: expected token,user,uid/],
    ['s3cret,ann,1,a,b', /tokens\.csv:1: expected token,user,uid/],
    ['s3cret,"ann', /tokens\.csv:1: quotes do not match/],
    ['s3cret,ann\ns3cret,bob', /tokens\.csv:2: the token of an earlier line again/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} without repeating it`, () => {
      assert.throws(
        () => staticTokens(text, 'tokens.csv'),
        (error: Error) => message.test(error.message) && !error.message.includes('s3cret'),
      );
    });
  }
});

describe('impersonation', () => {
  const asked: string[] = [];
  const recording = {
    async authorize(_user: unknown, action: Action) {
      assert.equal(action.verb, 'impersonate');
      if (action.type === 'resource') {
        const { group, resource, subresource, namespace, name } = action;
        asked.push([group, resource, subresource, namespace, name].join('/'));
      }
      return { allowed: true, reason: '' };
    },
    async rules() {
      return { resourceRules: [], nonResourceRules: [], incomplete: false };
    },
  };
  const as = async (headers: NodeJS.Dict<string[]>) => {
    asked.length = 0;
    return impersonated({ name: 'root', groups: [] }, headers, recording);
  };

  it('is asked for by headers only', async () => assert.equal(await as({ accept: ['x'] }), undefined));

  it('needs leave for the user, each group, the uid and each extra', async () => {
    const user = await as({
      'impersonate-user': ['ann'],
      'impersonate-group': ['devs', 'ops'],
      'impersonate-uid': ['7'],
      'impersonate-extra-scopes': ['read', 'write'],
      'impersonate-extra-acme%2Fteam': ['blue'],
    });
    assert.deepEqual(user, {
      name: 'ann',
      groups: ['devs', 'ops', 'system:authenticated'],
      uid: '7',
      extra: { scopes: ['read', 'write'], 'acme/team': ['blue'] },
    });
    assert.deepEqual(asked, [
      '/users///ann',
      '/groups///devs',
      '/groups///ops',
      'authentication.k8s.io/userextras/scopes//read',
      'authentication.k8s.io/userextras/scopes//write',
      'authentication.k8s.io/userextras/acme/team//blue',
      'authentication.k8s.io/uids///7',
    ]);
  });

  it('gives a ServiceAccount its groups, and the anonymous user its own', async () => {
    assert.deepEqual(await as({ 'impersonate-user': ['system:serviceaccount:ci:robot'] }), {
      name: 'system:serviceaccount:ci:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
    });
    assert.deepEqual(asked, ['/serviceaccounts//ci/robot']);
    const anonymous = await as({ 'impersonate-user': ['system:anonymous'] });
    assert.deepEqual(anonymous?.groups, ['system:unauthenticated']);
  });

  it('needs a user', async () => {
    await assert.rejects(as({ 'impersonate-group': ['system:masters'] }), /without impersonating a user/);
  });
});

describe('requests in flight', () => {
  it('are of three classes', () => {
    const pods = '/api/v1/namespaces/a/pods';
    assert.equal(classOf(attributesOf('GET', pods)), 'reads');
    assert.equal(classOf(attributesOf('POST', pods)), 'writes');
    assert.equal(classOf(attributesOf('GET', '/livez')), 'reads');
    for (const url of [`${pods}?watch=true`, `${pods}/x/log`, `${pods}/x/exec`, `${pods}/x/proxy/y`]) {
      assert.equal(classOf(attributesOf('GET', url)), 'streams', url);
    }
  });

  it('are not counted where a node lives by them: its feed, its heartbeats', () => {
    const node = { name: 'system:node:n1', groups: ['system:nodes'] };
    const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1';
    const vital = [
      ['GET', '/apis/sampan.dev/v1/nodes/n1/feed'],
      ['PUT', lease],
      ['PUT', '/api/v1/nodes/n1/status'],
    ] as const;
    for (const [method, path] of vital) {
      assert.ok(isVital(node, attributesOf(method, path)), path);
      assert.ok(!isVital({ name: 'vera', groups: ['view'] }, attributesOf(method, path)), path);
    }
    assert.ok(!isVital(node, attributesOf('PUT', '/api/v1/namespaces/a/pods/p/status')));
    assert.ok(!isVital(node, attributesOf('GET', '/api/v1/nodes?watch=true')));
  });

  it('are counted each by its class, and counted out once', () => {
    const inFlight = new InFlight({ reads: 1, writes: 1, streams: 1 });
    const leave = inFlight.enter('reads');
    assert.throws(() => inFlight.enter('reads'), /Too many requests/);
    inFlight.enter('writes');
    leave();
    leave();
    inFlight.enter('reads');
    assert.throws(() => inFlight.enter('reads'), /Too many requests/);
  });
});
