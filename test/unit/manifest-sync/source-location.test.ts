/** How SOURCE arguments are read: folders, URLs of every form, references, paths, credentials. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitLocation, parseSourceLocation } from '../../../daemon/adapters/source-location.ts';

describe('source location', () => {
  let base: string;
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'sampan-location-'));
    for (const folder of [
      'manifests',
      'repo/.git',
      'repo/deploy',
      'bare.git/objects',
      'bare.git/refs',
      'bare.git/HEAD',
      'a#b/.git',
      'sub/manifests',
    ]) {
      mkdirSync(join(base, folder), { recursive: true });
    }
  });
  after(() => rmSync(base, { recursive: true }));
  const parse = (text: string) => parseSourceLocation(text, base);
  const git = (text: string) => {
    const { name: _name, type, display: _display, ...rest } = parse(text) as GitLocation;
    assert.equal(type, 'git', text);
    return rest;
  };

  it('takes a folder for a folder, also one that is not there yet', () => {
    for (const text of ['manifests', './manifests', join(base, 'manifests'), 'manifests/']) {
      assert.deepEqual({ ...parse(text), name: '' }, { type: 'folder', name: '', path: join(base, 'manifests') });
    }
    assert.equal(parse('nowhere').type, 'folder');
    assert.deepEqual({ ...parse('folder:repo'), name: '' }, { type: 'folder', name: '', path: join(base, 'repo') });
    assert.equal(parse('repo/deploy').type, 'folder');
  });

  it('takes a repo of this machine for a repo, with reference and path', () => {
    const repo = join(base, 'repo');
    assert.deepEqual(git('repo'), { url: repo, local: true, path: '' });
    assert.deepEqual(git('repo:deploy'), { url: repo, local: true, path: 'deploy' });
    assert.deepEqual(git('./repo#main'), { url: repo, local: true, ref: 'main', path: '' });
    assert.deepEqual(git(`${repo}#feature/x:/deploy/`), { url: repo, local: true, ref: 'feature/x', path: 'deploy' });
    assert.deepEqual(git('bare.git'), { url: join(base, 'bare.git'), local: true, path: '' });
    assert.deepEqual(git('a#b'), { url: join(base, 'a#b'), local: true, path: '' });
    assert.deepEqual(git(`file://${repo}#v1:deploy`), { url: repo, local: true, ref: 'v1', path: 'deploy' });
    assert.deepEqual(git('nowhere#main'), { url: join(base, 'nowhere'), local: true, ref: 'main', path: '' });
  });

  it('reads URLs, with ports and paths', () => {
    const remote = (url: string, rest: object = {}) => ({ url, local: false, path: '', ...rest });
    assert.deepEqual(git('https://host/org/repo.git'), remote('https://host/org/repo.git'));
    assert.deepEqual(
      git('https://host:8443/org/repo.git:deploy/prod'),
      remote('https://host:8443/org/repo.git', { path: 'deploy/prod' }),
    );
    assert.deepEqual(git('https://host/repo#fix#12'), remote('https://host/repo', { ref: 'fix#12' }));
    assert.deepEqual(
      git('https://host/repo#main:deploy'),
      remote('https://host/repo', { ref: 'main', path: 'deploy' }),
    );
    assert.deepEqual(git('ssh://git@host:2222/repo.git#v1'), remote('ssh://git@host:2222/repo.git', { ref: 'v1' }));
    assert.deepEqual(git('ssh://git@[::1]:2222/repo'), remote('ssh://git@[::1]:2222/repo'));
    assert.deepEqual(git('git://127.0.0.1:9418/repo:x'), remote('git://127.0.0.1:9418/repo', { path: 'x' }));
  });

  it('reads the form of scp', () => {
    assert.deepEqual(git('git@host:org/repo.git'), { url: 'git@host:org/repo.git', local: false, path: '' });
    assert.deepEqual(git('git@host:org/repo.git:deploy'), {
      url: 'git@host:org/repo.git',
      local: false,
      path: 'deploy',
    });
    assert.deepEqual(git('host:repo#main:deploy'), { url: 'host:repo', local: false, ref: 'main', path: 'deploy' });
    assert.deepEqual(git('git@[::1]:repo'), { url: 'git@[::1]:repo', local: false, path: '' });
  });

  it('takes credentials out of the URL and shows them nowhere', () => {
    const location = parse('https://user:p%40ss@host/repo.git#main:deploy') as GitLocation;
    assert.equal(location.url, 'https://host/repo.git');
    assert.deepEqual(location.credentials, { username: 'user', password: 'p@ss' });
    assert.equal(location.display, 'https://host/repo.git#main:deploy');
    assert.deepEqual((parse('https://token@host/repo') as GitLocation).credentials, {
      username: 'token',
      password: '',
    });
    for (const text of [
      'https://host/repo?token=sekret',
      'ssh://git:sekret@host/repo',
      'https://u:sekret@host/repo#a..b',
      'ftp://u:sekret@host/x',
    ]) {
      assert.throws(
        () => parse(text),
        (error: Error) => !error.message.includes('sekret'),
        text,
      );
    }
  });

  it('names a source readably, the same on every branch, and another for the same basename elsewhere', () => {
    assert.match(parse('manifests').name, /^manifests-[0-9a-f]{8}$/);
    assert.notEqual(parse('manifests').name, parse('sub/manifests').name);
    assert.match(parse('https://host/Org/My_App.git').name, /^my-app-[0-9a-f]{8}$/);
    assert.match(parse('https://host/app.git:deploy/prod').name, /^prod-[0-9a-f]{8}$/);
    assert.equal(parse('repo#main').name, parse('repo#dev').name);
    assert.equal(parse('https://u:p@host/repo').name, parse('https://host/repo').name);
    assert.notEqual(parse('repo#main').name, parse('repo#main:deploy').name);
  });

  for (const [text, why] of Object.entries({
    '': /is empty/,
    'ext::sh -c id': /remote helpers are not supported/,
    'ftp://host/repo': /scheme ftp:\/\/ is not supported/,
    'repo#': /no reference behind "#"/,
    'repo#--upload-pack=x': /is no branch, tag or commit/,
    'repo#a b': /is no branch, tag or commit/,
    'repo:deploy#main': /path goes behind the reference/,
    'repo#main:../out': /leads out of the repo/,
    'https://': /is not a URL/,
  })) {
    it(`refuses "${text}"`, () => assert.throws(() => parse(text), why));
  }
});
