/** Images are called what Docker calls them, however a pod spells it. */
import assert from 'node:assert/strict';
import { fullName, parseImageReference, repositoryOf } from '../../../reconcilers/objects/image-reference.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('image references', () => {
  const names = {
    nginx: 'docker.io/library/nginx:latest',
    'nginx:1.25': 'docker.io/library/nginx:1.25',
    'team/app': 'docker.io/team/app:latest',
    'docker.io/nginx': 'docker.io/library/nginx:latest',
    'index.docker.io/team/app:1': 'docker.io/team/app:1',
    'localhost/app': 'localhost/app:latest',
    'host:5000/a/b': 'host:5000/a/b:latest',
    'Host.example/a': 'Host.example/a:latest',
    '[::1]:5000/a:v1': '[::1]:5000/a:v1',
    [`app@${SHA}`]: `docker.io/library/app@${SHA}`,
    [`host.example/app:1@${SHA}`]: `host.example/app@${SHA}`,
  };
  for (const [written, full] of Object.entries(names)) {
    it(`call ${written} in full ${full}`, () => assert.equal(fullName(written), full));
  }

  it('name the repository without tag and digest', () => {
    const reference = parseImageReference(`host:5000/a/b:1@${SHA}`);
    assert.ok(!('problem' in reference));
    assert.equal(repositoryOf(reference), 'host:5000/a/b');
    assert.deepEqual(reference, { domain: 'host:5000', path: 'a/b', tag: '1', digest: SHA });
  });

  const format = 'invalid reference format';
  const wrong = {
    '': format,
    'web::1': format,
    'web:': format,
    'a//b': format,
    '-a': format,
    'a@sha256:12': format,
    [SHA.slice(7)]: format,
    'host.example/': format,
    'a b': format,
    'Web:1': `${format}: repository name (library/Web) must be lowercase`,
    'host.example/Team/app': `${format}: repository name (Team/app) must be lowercase`,
  };
  for (const [written, problem] of Object.entries(wrong)) {
    it(`refuse "${written}"`, () => assert.deepEqual(parseImageReference(written), { problem }));
  }
});
