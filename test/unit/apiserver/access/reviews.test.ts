import assert from 'node:assert/strict';
import { createTlsBed, ISSUER, type TlsBed } from './tls-bed.ts';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';

describe('reviews', function () {
  this.timeout(20_000);
  let bed: TlsBed;
  before(async () => {
    bed = await createTlsBed();
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot', namespace: 'default' },
    } as const;
    const made = await bed.cluster.registry.create('ServiceAccount', account);
    bed.existing.set('ServiceAccount/default/robot', made.metadata.uid);
  });
  after(() => bed.close());

  const post = async (path: string, body: unknown, token = 'view-token') => {
    const headers = { 'content-type': 'application/json' };
    const answer = await bed.ask(path, { method: 'POST', token, headers, body: JSON.stringify(body) });
    return { code: answer.code, body: answer.body as { status: Record<string, unknown>; message?: string } };
  };
  const resource = (verb: string, name: string) => ({
    resourceAttributes: { namespace: 'default', verb, resource: name },
  });

  it('tell a user what he may do, by the authority that decides on requests', async () => {
    const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
    const yes = await post(path, { spec: resource('list', 'pods') });
    assert.equal(yes.code, 201);
    assert.deepEqual(yes.body, {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: resource('list', 'pods'),
      status: {
        allowed: true,
        reason: 'RBAC: allowed by ClusterRoleBinding "view" of ClusterRole "view" to Group "view"',
      },
    });
    assert.deepEqual((await post(path, { spec: resource('list', 'secrets') })).body.status, { allowed: false });
    const version = { spec: { nonResourceAttributes: { path: '/version', verb: 'get' } } };
    assert.equal((await post(path, version)).body.status.allowed, true);
    const neither = await post(path, { spec: {} });
    assert.equal(neither.code, 422);
    assert.match(
      neither.body.message ?? '',
      /^SelfSubjectAccessReview\.authorization\.k8s\.io "" is invalid: .*exactly one of/,
    );
    const garbled = await post(path, { spec: { resourceAttributes: { verb: 7 } } });
    assert.equal(garbled.code, 400);
    assert.equal((await bed.ask(path, { token: 'admin-token' })).code, 405);
  });

  it('list all of it', async () => {
    const path = `${AUTHORIZATION}/selfsubjectrulesreviews`;
    const { body } = await post(path, { spec: { namespace: 'default' } });
    const { resourceRules, nonResourceRules, incomplete } = body.status as {
      resourceRules: { resources: string[]; verbs: string[] }[];
      nonResourceRules: { nonResourceURLs: string[] }[];
      incomplete: boolean;
    };
    assert.equal(incomplete, false);
    assert.ok(resourceRules.some(({ resources, verbs }) => resources.includes('pods') && verbs.includes('list')));
    assert.ok(!resourceRules.some(({ resources }) => resources.includes('secrets')));
    assert.ok(nonResourceRules.some(({ nonResourceURLs }) => nonResourceURLs.includes('/api/*')));
    assert.equal((await post(path, { spec: {} })).code, 400);
  });

  it('tell who may ask what others may do', async () => {
    const spec = { user: 'vera', groups: ['view'], ...resource('list', 'secrets') };
    assert.equal((await post(`${AUTHORIZATION}/subjectaccessreviews`, { spec })).code, 403);
    const asked = async (path: string, body: object) => (await post(path, { spec: body }, 'admin-token')).body;
    assert.equal((await asked(`${AUTHORIZATION}/subjectaccessreviews`, spec)).status.allowed, false);
    const pods = { ...spec, ...resource('get', 'pods') };
    assert.equal((await asked(`${AUTHORIZATION}/subjectaccessreviews`, pods)).status.allowed, true);
    const local = (namespace: string) => `${AUTHORIZATION}/namespaces/${namespace}/localsubjectaccessreviews`;
    assert.equal((await asked(local('default'), pods)).status.allowed, true);
    assert.match((await asked(local('other'), pods)).message ?? '', /must match metadata\.namespace: other/);
    assert.match(
      (await asked(`${AUTHORIZATION}/subjectaccessreviews`, resource('get', 'pods'))).message ?? '',
      /spec\.user/,
    );
  });

  it('tell a user who he is', async () => {
    for (const version of ['v1', 'v1beta1']) {
      const { body } = await post(`/apis/authentication.k8s.io/${version}/selfsubjectreviews`, {});
      const userInfo = { username: 'vera', uid: '2', groups: ['view', 'system:authenticated'] };
      assert.deepEqual(body.status, { userInfo });
    }
  });

  it('are the same in rehearsal, which must be asked for in words that exist', async () => {
    const path = `${AUTHORIZATION}/selfsubjectaccessreviews?dryRun=`;
    assert.equal((await post(`${path}All`, { spec: resource('list', 'pods') })).body.status.allowed, true);
    const token = '/api/v1/namespaces/default/serviceaccounts/default/token?dryRun=Some';
    for (const refused of [`${path}Some`, token]) {
      const { code, body } = await post(refused, { spec: {} }, 'admin-token');
      assert.equal(code, 422);
      assert.match(body.message ?? '', /dryRun: Unsupported value: "Some": supported values: "All"/);
    }
  });

  it('give a ServiceAccount a token, and tell whose it is', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
    assert.equal((await post(path, {})).code, 403);
    const made = await post(path, { spec: { audiences: ['vault', ISSUER], expirationSeconds: 900 } }, 'admin-token');
    assert.equal(made.code, 201);
    const { token, expirationTimestamp } = made.body.status as { token: string; expirationTimestamp: string };
    const left = Date.parse(expirationTimestamp) - Date.now();
    assert.ok(left > 890_000 && left <= 900_000, `${left} ms`);
    assert.equal((await bed.ask('/apis', { token })).code, 200);

    const review = (spec: object) => post(`${AUTHENTICATION}/tokenreviews`, { spec }, 'admin-token');
    const { status } = (await review({ token, audiences: ['vault', 'other'] })).body;
    const { user } = status as { user: { username: string; groups: string[] } };
    assert.equal(status.authenticated, true);
    assert.deepEqual(status.audiences, ['vault']);
    assert.equal(user.username, 'system:serviceaccount:default:robot');
    assert.ok(user.groups.includes('system:serviceaccounts:default'));
    for (const spec of [
      { token, audiences: ['other'] },
      { token: 'nonsense' },
      { token: 'view-token', audiences: ['vault'] },
    ]) {
      assert.equal((await review(spec)).body.status.authenticated, undefined);
    }
    const known = await review({ token: 'view-token' });
    assert.deepEqual(known.body.status.audiences, [ISSUER]);
    assert.doesNotMatch(JSON.stringify(known.body), /view-token/);
    assert.equal((await review({})).code, 400);
  });

  it('refuse tokens that cannot be', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
    const refused = async (spec: object, at = path) => (await post(at, { spec }, 'admin-token')).body.message ?? '';
    assert.match(await refused({ expirationSeconds: 60 }), /may not specify a duration less than 10 minutes/);
    assert.match(await refused({ expirationSeconds: 2 ** 33 }), /larger than 2\^32 seconds/);
    assert.match(await refused({}, path.replace('robot', 'nobody')), /serviceaccounts "nobody" not found/);
    const bind = (reference: object) => ({ boundObjectRef: { apiVersion: 'v1', ...reference } });
    assert.match(await refused(bind({ kind: 'ConfigMap', name: 'x' })), /cannot bind token to object of type/);
    assert.match(await refused(bind({ kind: 'Pod', name: 'x' })), /pods "x" not found/);
    const core = '/api/v1/namespaces/default';
    const pod = { metadata: { name: 'worker' }, spec: { containers: [{ name: 'a', image: 'a' }] } };
    const madePod = await post(`${core}/pods`, { apiVersion: 'v1', kind: 'Pod', ...pod }, 'admin-token');
    assert.equal(madePod.code, 201);
    assert.match(await refused(bind({ kind: 'Pod', name: 'worker' })), /to pod running with serviceaccount "default"/);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
    assert.equal((await post(`${core}/secrets`, secret, 'admin-token')).code, 201);
    assert.match(await refused(bind({ kind: 'Secret', name: 's', uid: 'other' })), /does not match the UID in record/);
    assert.equal((await post(path, { spec: bind({ kind: 'Secret', name: 's' }) }, 'admin-token')).code, 201);
  });

  it('let others check tokens by themselves', async () => {
    const { token } = await bed.accounts.issue({
      namespace: 'default',
      serviceAccount: { name: 'robot', uid: bed.existing.get('ServiceAccount/default/robot') as string },
      audiences: [ISSUER],
      expirationSeconds: 600,
    });
    const configuration = await bed.ask('/.well-known/openid-configuration', { token });
    assert.equal(configuration.body.issuer, ISSUER);
    const keys = await bed.ask('/openid/v1/jwks', { token });
    assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()) as { kid: string };
    const listed = (JSON.parse(keys.text) as { keys: { kid: string; d?: string }[] }).keys;
    assert.deepEqual(
      listed.map((key) => [key.kid, key.d]),
      [[kid, undefined]],
    );
    assert.equal((await bed.ask('/openid/v1/jwks')).code, 401);
  });
});
