/** Credentials go to the registries they are for, found as the kubelet finds them. Cases of pkg/credentialprovider/keyring_test.go. */
import assert from 'node:assert/strict';
import { parseDockerConfig } from '../../../../reconcilers/kubelet/images/docker-config.ts';
import { credentialsFor } from '../../../../reconcilers/kubelet/images/keyring.ts';

const login = (registry: string, username = registry) => ({ registry, credentials: { username, password: 'x' } });
const usersFor = (repository: string, ...registries: string[]) =>
  credentialsFor(
    registries.map((registry) => login(registry)),
    repository,
  ).map(({ username }) => username);

describe('kubelet: the keyring', () => {
  const matches: readonly (readonly [registry: string, repository: string])[] = [
    ['registry.example', 'registry.example/app'],
    ['https://registry.example', 'registry.example/app'],
    ['https://registry.example/v1/', 'registry.example/app'],
    ['http://registry.example/v2/', 'registry.example/app'],
    ['registry.example:5000', 'registry.example:5000/app'],
    ['registry.example/team', 'registry.example/team/app'],
    ['https://registry.example/v2/team', 'registry.example/team/app'],
    ['*.example', 'registry.example/app'],
    ['*.kubernetes.*', 'prefix.kubernetes.io/foo'],
    ['reg*y.ex*', 'registry.example/app'],
    ['[a-r]egistry.example', 'registry.example/app'],
    ['*.example:5000', 'registry.example:5000/app'],
    ['[::1]:5000', '[::1]:5000/app'],
  ];
  for (const [registry, repository] of matches) {
    it(`gives what is for ${registry} to ${repository}`, () => {
      assert.deepEqual(usersFor(repository, registry), [registry]);
    });
  }

  const strangers: readonly (readonly [registry: string, repository: string])[] = [
    ['registry.example', 'registry.example:5000/app'],
    ['registry.example:5000', 'registry.example/app'],
    ['registry.example:5001', 'registry.example:5000/app'],
    ['registry.example', 'other.registry.example/app'],
    ['*.example', 'other.registry.example/app'],
    ['*', 'registry.example/app'],
    ['registry.example/team', 'registry.example/other/app'],
    ['registry.example.evil', 'registry.example/app'],
    ['registryxexample', 'registry.example/app'],
    ['[.example', 'registry.example/app'],
    ['index.docker.io', 'registry.example/app'],
  ];
  for (const [registry, repository] of strangers) {
    it(`keeps what is for ${registry} from ${repository}`, () => {
      assert.deepEqual(usersFor(repository, registry), []);
    });
  }

  it('tries the longest path first, and all of one place in their order', () => {
    const logins = [
      login('registry.example', 'host'),
      login('registry.example/team/app', 'app'),
      login('registry.example/team', 'team'),
      login('https://registry.example', 'host again'),
    ];
    const found = credentialsFor(logins, 'registry.example/team/app').map(({ username }) => username);
    assert.deepEqual(found, ['app', 'team', 'host', 'host again']);
  });

  it('finds what docker login keeps for Docker Hub', () => {
    const hub = 'https://index.docker.io/v1/';
    assert.deepEqual(usersFor('docker.io/library/nginx', hub), [hub]);
    assert.deepEqual(usersFor('docker.io/library/nginx', hub, 'docker.io'), ['docker.io']);
  });
});

describe('kubelet: docker configs', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const of = (auths: object) => parseDockerConfig(JSON.stringify({ auths }), 'config.json');

  it('hold users and passwords, in the open or as base64, padded or not', () => {
    const auth = base64('me:se:cret');
    const read = of({
      'a.example': { auth },
      'b.example': { username: 'me', password: 'x' },
      'c.example': { auth: 'bWU6eA' },
    });
    assert.deepEqual(read, {
      logins: [
        { registry: 'a.example', credentials: { username: 'me', password: 'se:cret' } },
        { registry: 'b.example', credentials: { username: 'me', password: 'x' } },
        { registry: 'c.example', credentials: { username: 'me', password: 'x' } },
      ],
    });
    assert.deepEqual(parseDockerConfig(JSON.stringify({ 'a.example': { auth: base64('u:p') } }), '.dockercfg'), {
      logins: [{ registry: 'a.example', credentials: { username: 'u', password: 'p' } }],
    });
  });

  it('say nothing of what a credential helper keeps', () => {
    assert.deepEqual(parseDockerConfig('{"auths":{"a.example":{}},"credsStore":"pass"}', 'config.json'), {
      logins: [],
    });
    assert.deepEqual(parseDockerConfig('{}', 'config.json'), { logins: [] });
  });

  it('that cannot be read are told of without a word of what is in them', () => {
    const wrong = ['s3cret', '["s3cret"]', '{"auths":"s3cret"}', '{"auths":{"a.example":{"auth":"s3cret"}}}'];
    wrong.push(JSON.stringify({ auths: { 'a.example': { auth: base64('s3cret') } } }));
    wrong.push('{"auths":{"a.example":{"username":1,"password":"s3cret"}}}');
    for (const text of wrong) {
      const read = parseDockerConfig(text, 'config.json');
      assert.ok('problem' in read, text);
      assert.doesNotMatch(read.problem, /s3cret|czNjcmV0/);
    }
  });
});
