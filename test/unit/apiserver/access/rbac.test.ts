import assert from 'node:assert/strict';
import type { Action } from '../../../../daemon/apiserver/access/authorizer.ts';
import { BUILT_IN } from '../../../../daemon/apiserver/access/rbac/built-in.ts';
import type { PolicyRule } from '../../../../daemon/apiserver/access/rbac/policy.ts';
import { RbacAuthorizer } from '../../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import { parseRbacFile } from '../../../../daemon/apiserver/access/rbac/rbac-file.ts';
import { covers } from '../../../../daemon/apiserver/access/rbac/rule-match.ts';

/** `get default apps/deployments/scale web` */
function action(text: string): Action {
  const [verb = '', namespace = '', what = '', name = ''] = text.split(' ');
  if (what === '') return { type: 'path', verb, path: namespace };
  const [group = '', resource = '', subresource = ''] = what.split('/');
  return { type: 'resource', verb, namespace: namespace === '-' ? '' : namespace, group, resource, subresource, name };
}

const RBAC_FILE = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: ann}
- {kind: ServiceAccount, name: robot, namespace: ci}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: shop}
roleRef: {kind: ClusterRole, name: edit}
subjects: [{kind: Group, name: devs}]
`;

describe('RBAC', () => {
  const cases: readonly [PolicyRule, string, boolean][] = [
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get a /pods x', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'list a /pods', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get a apps/pods x', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get a /pods/exec x', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods/exec'] }, 'get a /pods x', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/scale'] }, 'get a /pods/scale x', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/scale'] }, 'get a /pods x', false],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, 'delete a apps/deployments/scale x', true],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, 'get /metrics', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get a /pods x', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get a /pods y', false],
    [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'list a /pods', false],
    [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }, 'get /api/v1', true],
    [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }, 'get /apis', false],
    [{ verbs: ['get'], nonResourceURLs: ['/api'] }, 'post /api', false],
  ];
  for (const [rule, text, expected] of cases) {
    it(`${JSON.stringify(rule)} ${expected ? 'covers' : 'does not cover'} ${text}`, () => {
      assert.equal(covers(rule, action(text)), expected);
    });
  }

  const extra = parseRbacFile(RBAC_FILE, 'rbac.yaml');
  const authorizer = new RbacAuthorizer(() => ({
    roles: [...BUILT_IN.roles, ...extra.roles],
    bindings: [...BUILT_IN.bindings, ...extra.bindings],
  }));
  const may = async (name: string, groups: readonly string[], text: string) =>
    (await authorizer.authorize({ name, groups }, action(text))).allowed;

  it('lets a RoleBinding count in its namespace only', async () => {
    assert.equal(await may('ann', [], 'list shop /pods'), true);
    assert.equal(await may('ann', [], 'list other /pods'), false);
    assert.equal(await may('ann', [], 'list - /pods'), false);
    assert.equal(await may('ann', [], 'update shop /configmaps settings'), true);
    assert.equal(await may('ann', [], 'update shop /configmaps other'), false);
    assert.equal(await may('bob', ['devs'], 'create shop /pods/exec x'), true);
    assert.equal(await may('bob', ['devs'], 'create other /pods/exec x'), false);
  });

  it('knows ServiceAccounts by their user names', async () => {
    assert.equal(await may('system:serviceaccount:ci:robot', [], 'get shop /pods x'), true);
    assert.equal(await may('system:serviceaccount:shop:robot', [], 'get shop /pods x'), false);
  });

  it('gives the built-in groups what their names say', async () => {
    for (const text of ['get - /secrets', 'delete a apps/deployments x', 'impersonate - /users x', 'get /anything']) {
      assert.equal(await may('x', ['system:masters'], text), true, text);
      assert.equal(await may('x', ['system:authenticated'], text), false, text);
    }
    for (const text of [
      'list a /pods',
      'watch - /services',
      'get a /pods/log x',
      'list - /nodes',
      'get /diagnostics',
    ]) {
      assert.equal(await may('x', ['view'], text), true, text);
    }
    const beyondView = [
      ...['get', 'list', 'watch'].map((verb) => `${verb} a /secrets x`),
      ...['exec', 'attach', 'portforward', 'proxy'].flatMap((sub) => [
        `get a /pods/${sub} x`,
        `create a /pods/${sub} x`,
      ]),
      ...['create', 'update', 'patch', 'delete', 'deletecollection'].map((verb) => `${verb} a /pods x`),
      'create a /serviceaccounts/token x',
      'impersonate a /serviceaccounts x',
    ];
    for (const text of beyondView) assert.equal(await may('x', ['view'], text), false, text);
    assert.equal(
      await may('x', ['system:authenticated'], 'create - authorization.k8s.io/selfsubjectaccessreviews'),
      true,
    );
    assert.equal(await may('x', ['system:unauthenticated'], 'get /livez'), true);
    assert.equal(await may('x', ['system:unauthenticated'], 'get /api'), false);
  });

  it('says through which binding', async () => {
    const { reason } = await authorizer.authorize({ name: 'ann', groups: [] }, action('list shop /pods'));
    assert.equal(reason, 'RBAC: allowed by RoleBinding "deployers/shop" of Role "deployer" to User "ann"');
  });

  it('lists what a user may do, paths only where they hold everywhere', async () => {
    const { resourceRules, nonResourceRules } = await authorizer.rules({ name: 'ann', groups: [] }, 'shop');
    assert.deepEqual(resourceRules, [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['update'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['settings'] },
    ]);
    assert.deepEqual(nonResourceRules, []);
    const anonymous = await authorizer.rules({ name: 'x', groups: ['system:unauthenticated'] }, 'shop');
    assert.deepEqual(anonymous.nonResourceRules[0]?.verbs, ['get']);
  });

  it('binds only roles that there are', () => {
    for (const { roleRef } of BUILT_IN.bindings) {
      assert.ok(
        BUILT_IN.roles.some(({ name }) => name === roleRef.name),
        roleRef.name,
      );
    }
  });
});

describe('the RBAC file', () => {
  const role = (rules: string) =>
    `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x}, rules: ${rules}}`;
  const refused: readonly [string, RegExp][] = [
    ['kind: Pod', /rbac\.yaml: document 1: kind: expected one of Role, .*, got "Pod"/],
    ['- x', /document 1: : expected a mapping|expected a mapping/],
    ['a: [', /rbac\.yaml is not YAML/],
    [role('[{verb: [get], resources: [pods], apiGroups: [""]}]'), /rules\[0\]\.verb: expected one of verbs, /],
    [role('[{verbs: get, resources: [pods], apiGroups: [""]}]'), /rules\[0\]\.verbs: expected a list, got "get"/],
    [role('[{verbs: [get], resources: [pods]}]'), /rules\[0\]\.apiGroups: expected the groups/],
    [role('[{verbs: [get]}]'), /rules\[0\]: expected resources or nonResourceURLs/],
    [role('[{verbs: [1], resources: [pods], apiGroups: [""]}]'), /rules\[0\]\.verbs\[0\]: expected a text, got 1/],
    [
      '{apiVersion: rbac.authorization.k8s.io/v1beta1, kind: ClusterRole, metadata: {name: x}, rules: []}',
      /apiVersion: expected rbac\.authorization\.k8s\.io\/v1/,
    ],
    [
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: x}, rules: []}',
      /metadata\.namespace: expected a text, got nothing/,
    ],
    [
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x}, rules: [], aggregationRule: {}}',
      /aggregationRule: expected one of/,
    ],
    [
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: x}, roleRef: {kind: Role, name: y}, subjects: []}',
      /roleRef\.kind: expected ClusterRole, got "Role"/,
    ],
    [
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: x}, roleRef: {kind: ClusterRole, name: y}, subjects: [{kind: ServiceAccount, name: z}]}',
      /subjects\[0\]\.namespace: expected a text/,
    ],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => assert.throws(() => parseRbacFile(text, 'rbac.yaml'), message));
  }

  it('takes an empty one', () => {
    assert.deepEqual(parseRbacFile('', 'rbac.yaml'), { roles: [], bindings: [] });
  });
});
