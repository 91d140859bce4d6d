/** The git source against real git: history that moves, references, repos of all shapes, remotes that fail, damaged mirrors. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { GitSource } from '../../daemon/adapters/git-source/git-source.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import { ChangeCounter, signal, snapshotWhen, textOf } from '../contracts/manifest-source.contract.ts';
import { GitServer, gitSourceAt, TestRepo, temporaryFolder } from '../contracts/manifest-source-fixtures.ts';
import { CollectedLog } from '../fakes/collected-log.ts';

const A = { 'a.yaml': 'a: 1\n' };
const B = { 'a.yaml': 'a: 2\n', 'deploy/b.yaml': 'b: 1\n' };

async function failureOf(source: GitSource): Promise<string> {
  try {
    await source.snapshot(signal);
  } catch (error) {
    assert.ok(isSampanError(error, 'SourceUnreachable'), String(error));
    return error.message;
  }
  throw new Error('it was read');
}

describe('git source', () => {
  let base: string;
  let repo: TestRepo;
  const followed: ChangeCounter[] = [];
  const follow = (source: GitSource): ChangeCounter => {
    const changes = new ChangeCounter(source);
    followed.push(changes);
    return changes;
  };
  const open = (location: string, options: Parameters<typeof gitSourceAt>[2] = {}) =>
    gitSourceAt(location, join(base, 'data'), options);
  beforeEach(async () => {
    base = await temporaryFolder();
    repo = await TestRepo.create(join(base, 'served', 'repo'));
  });
  afterEach(async () => {
    await Promise.all(followed.splice(0).map((changes) => changes.stop()));
    await rm(base, { recursive: true, force: true });
  });

  describe('of this machine', () => {
    it('notices a commit at once', async () => {
      await repo.commit(A);
      const source = open(repo.folder);
      const changes = follow(source);
      await snapshotWhen(source, changes, ({ files }) => files.length === 1, 'the first commit');
      const took: number[] = [];
      for (let i = 0; i < 5; i++) {
        const commit = await repo.commit({ 'a.yaml': `a: ${i + 10}\n` });
        const from = performance.now();
        await snapshotWhen(source, changes, ({ revision }) => revision === commit, 'the next commit');
        took.push(performance.now() - from);
      }
      took.sort((a, b) => a - b);
      assert.ok((took[2] ?? 0) < 300, `the median of ${took.map(Math.round).join(', ')} ms`);
    });

    it('takes the commit, its first line and its files', async () => {
      const commit = await repo.commit(B, 'Ship it\n\nBecause of Ünicode.');
      const snapshot = await open(repo.folder).snapshot(signal);
      assert.equal(snapshot.revision, commit);
      assert.equal(snapshot.subject, 'Ship it');
      assert.deepEqual(textOf(snapshot), B);
    });

    it('sees what is committed, never the work tree', async () => {
      await repo.commit(A);
      await writeFile(join(repo.folder, 'a.yaml'), 'half');
      await writeFile(join(repo.folder, 'new.yaml'), 'new');
      assert.deepEqual(textOf(await open(repo.folder).snapshot(signal)), A);
    });

    it('follows reverts, resets, amended commits, rewritten history and the branch that is checked out', async () => {
      const first = await repo.commit(A);
      const source = open(repo.folder);
      const changes = follow(source);
      const arrives = async (what: string) => {
        const head = await repo.git('rev-parse', 'HEAD');
        return snapshotWhen(source, changes, ({ revision }) => revision === head, what);
      };
      await repo.commit(B);
      await arrives('a commit');
      await repo.git('revert', '--no-edit', 'HEAD');
      assert.deepEqual(textOf(await arrives('its revert')), A);
      await repo.git('reset', '--quiet', '--hard', 'HEAD~1');
      assert.deepEqual(textOf(await arrives('a rewound branch')), B);
      await repo.git('commit', '--quiet', '--amend', '--message', 'other');
      await arrives('an amended commit');
      await repo.git('switch', '--quiet', '--create', 'dev', first);
      assert.deepEqual(textOf(await arrives('another branch')), A);
      await repo.git('pack-refs', '--all');
      await repo.git('update-ref', 'refs/heads/dev', 'main');
      assert.deepEqual(textOf(await arrives('a moved reference')), B);
    });

    it('reads a branch, a tag, a commit and a path, and keeps to them', async () => {
      const first = await repo.commit(B);
      await repo.git('tag', '--annotate', '--message', 'v1', 'v1');
      await repo.git('branch', 'feature/x');
      await repo.commit({ 'a.yaml': 'a: 3\n' });
      for (const location of [`#v1`, `#feature/x`, `#${first}`, `#${first.slice(0, 10)}`, `#refs/tags/v1`]) {
        const snapshot = await open(`${repo.folder}${location}`).snapshot(signal);
        assert.equal(snapshot.revision, first, location);
      }
      assert.deepEqual(textOf(await open(`${repo.folder}#v1:deploy`).snapshot(signal)), { 'deploy/b.yaml': 'b: 1\n' });
    });

    it('reads bare repos, worktrees, and repos of another user; notices a push', async () => {
      await repo.commit(A);
      const bare = join(base, 'bare.git');
      await repo.git('clone', '--quiet', '--bare', '.', bare);
      const source = open(`file://${bare}`);
      const changes = follow(source);
      await snapshotWhen(source, changes, ({ files }) => files.length === 1, 'the first commit');
      const commit = await repo.commit(B);
      await repo.git('push', '--quiet', bare, 'main');
      await snapshotWhen(source, changes, ({ revision }) => revision === commit, 'the pushed commit');

      const tree = join(base, 'tree');
      await repo.git('worktree', 'add', '--quiet', '--detach', tree);
      const second = open(tree);
      const treeChanges = follow(second);
      await snapshotWhen(second, treeChanges, ({ revision }) => revision === commit, 'the worktree');
      const detached = await repo.git('commit-tree', '-m', 'detached', '-p', 'HEAD', 'HEAD^{tree}');
      await repo.git('-C', tree, 'checkout', '--quiet', detached);
      await snapshotWhen(second, treeChanges, ({ revision }) => revision === detached, "the worktree's own HEAD");

      if (process.getuid?.() !== 0) return;
      for (const name of ['', ...(await readdir(bare, { recursive: true }))])
        await chown(join(bare, name), 65_534, 65_534);
      assert.equal((await open(`file://${bare}`).snapshot(signal)).revision, commit);
    });

    it('waits for a repo that is not there, and for its first commit', async () => {
      const later = join(base, 'later');
      const source = open(`${later}#main`);
      const changes = follow(source);
      assert.match(await failureOf(source), /there is no git repo at/);
      const made = await TestRepo.create(later);
      assert.match(await failureOf(source), /it has no branch, tag or commit "main"/);
      const commit = await made.commit(A);
      await snapshotWhen(source, changes, ({ revision }) => revision === commit, 'the first commit');
    });

    it('takes no deleted branch and no missing folder for an empty one', async () => {
      await repo.commit(B);
      await repo.git('branch', 'dev');
      await open(`${repo.folder}#dev`).snapshot(signal);
      await repo.git('branch', '--delete', '--force', '--quiet', 'dev');
      assert.match(await failureOf(open(`${repo.folder}#dev`)), /it has no branch, tag or commit "dev"/);
      const { problems } = await open(`${repo.folder}:nowhere`).snapshot(signal);
      assert.match(problems[0]?.message ?? '', /there is no such folder in commit/);
    });

    it('names submodules and LFS pointers, follows links within the repo only, runs no hook', async () => {
      const inner = await TestRepo.create(join(base, 'inner'));
      const commit = await inner.commit(A);
      await repo.commit({
        ...A,
        'lfs.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
        'base/x.yaml': 'x: 1\n',
      });
      await repo.git('update-index', '--add', '--cacheinfo', `160000,${commit},vendor/inner`);
      const links = {
        'link.yaml': 'base/x.yaml',
        'out.yaml': '../../../etc/passwd',
        'gone.yaml': 'nowhere',
        folder: 'base',
        note: 'README',
      };
      for (const [name, target] of Object.entries(links)) await symlink(target, join(repo.folder, name));
      await repo.git('add', ...Object.keys(links));
      await mkdir(join(repo.folder, '.git/hooks'), { recursive: true });
      const hook = `#!/bin/sh\ntouch ${join(base, 'hook-ran')}\n`;
      for (const name of ['post-checkout', 'reference-transaction', 'fsmonitor-watchman']) {
        await writeFile(join(repo.folder, '.git/hooks', name), hook, { mode: 0o755 });
      }
      await repo.git('-c', 'core.hooksPath=/dev/null', 'commit', '--quiet', '--message', 'more');
      const snapshot = await open(repo.folder).snapshot(signal);
      assert.deepEqual(textOf(snapshot), { ...A, 'base/x.yaml': 'x: 1\n', 'link.yaml': 'x: 1\n' });
      const problems = Object.fromEntries(snapshot.problems.map(({ file, message }) => [file, message]));
      assert.match(problems['vendor/inner'] ?? '', /is a submodule: not supported/);
      assert.match(problems['lfs.yaml'] ?? '', /is a Git LFS pointer/);
      assert.match(problems['out.yaml'] ?? '', /cannot be followed within the repo/);
      assert.match(problems['gone.yaml'] ?? '', /cannot be followed within the repo/);
      assert.match(problems.folder ?? '', /is a link to a folder/);
      assert.equal(snapshot.problems.length, 5);
      assert.ok(!(await readdir(base)).includes('hook-ran'));
    });
  });

  describe('behind a URL', () => {
    let server: GitServer;
    let source: GitSource;
    let changes: ChangeCounter;
    beforeEach(async () => {
      await repo.commit(A);
      server = await GitServer.create(join(base, 'served'));
      source = open(server.urlOf('repo'), { schedule: '100ms' });
      changes = follow(source);
    });
    afterEach(() => server.stop());
    const arrives = (commit: string, what: string) =>
      snapshotWhen(source, changes, ({ revision }) => revision === commit, what);
    const mirror = async () => {
      const [name] = await readdir(join(base, 'data/git'));
      return join(base, 'data/git', name ?? '');
    };

    it('follows commits, force-pushes and rewound branches, one commit deep', async () => {
      const first = await repo.git('rev-parse', 'HEAD');
      await arrives(first, 'the first commit');
      for (let i = 0; i < 3; i++) await repo.commit({ 'a.yaml': `a: ${i}\n` });
      const second = await repo.commit(B);
      assert.deepEqual(textOf(await arrives(second, 'a commit')), B);
      await repo.git('reset', '--quiet', '--hard', first);
      await arrives(first, 'a rewound branch');
      await repo.git('commit', '--quiet', '--amend', '--message', 'rewritten');
      await arrives(await repo.git('rev-parse', 'HEAD'), 'rewritten history');
      const fresh = open(server.urlOf('repo'));
      await repo.commit(B);
      await repo.commit(A);
      await rm(await mirror(), { recursive: true });
      await fresh.snapshot(signal);
      const { stdout } = spawnSync('git', ['--git-dir', await mirror(), 'rev-list', '--count', 'refs/sampan/tip']);
      assert.equal(stdout.toString().trim(), '1');
    });

    it('asks with ls-remote only while nothing changes', async () => {
      await arrives(await repo.git('rev-parse', 'HEAD'), 'the first commit');
      const before = changes.count;
      const folder = await mirror();
      const objects = (await readdir(folder, { recursive: true })).length;
      // Long enough for several polls: none of them is a reason to look.
      for (const until = performance.now() + 500; performance.now() < until; ) await new Promise(setImmediate);
      assert.equal(changes.count, before);
      assert.equal((await readdir(folder, { recursive: true })).length, objects);
    });

    it('reads a branch, a tag, a commit by either id, and a path', async () => {
      const first = await repo.commit(B);
      await repo.git('tag', '--annotate', '--message', 'v1', 'v1');
      await repo.git('branch', 'feature/x');
      await repo.commit(A);
      for (const ref of ['v1', 'feature/x', first, first.slice(0, 9)]) {
        const at = gitSourceAt(`${server.urlOf('repo')}#${ref}:deploy`, join(base, `data-${ref.slice(0, 7)}`));
        const snapshot = await at.snapshot(signal);
        assert.equal(snapshot.revision, first, ref);
        assert.deepEqual(textOf(snapshot), { 'deploy/b.yaml': 'b: 1\n' });
      }
      assert.match(await failureOf(open(`${server.urlOf('repo')}#nope`)), /it has no branch or tag "nope"/);
    });

    it('says that it is unreachable during an outage and goes on by itself', async () => {
      await arrives(await repo.git('rev-parse', 'HEAD'), 'the first commit');
      await server.stop();
      const before = changes.count;
      assert.match(await failureOf(source), /cannot be read: .*connect/i);
      const commit = await repo.commit(B);
      await server.start();
      await arrives(commit, 'the commit made meanwhile');
      assert.ok(changes.count > before);
    });

    for (const [damage, harm] of Object.entries({
      'locks that a killed fetch left': async (folder: string) => {
        const locks = [
          'shallow.lock',
          'packed-refs.lock',
          'HEAD.lock',
          'config.lock',
          'refs/sampan/tip.lock',
          'objects/pack/tmp_pack_x',
        ];
        await mkdir(join(folder, 'refs/sampan'), { recursive: true });
        for (const lock of locks) await writeFile(join(folder, lock), '');
      },
      'emptied objects': async (folder: string) => {
        for (const name of await readdir(join(folder, 'objects'), { recursive: true })) {
          await writeFile(join(folder, 'objects', name), '').catch(() => undefined);
        }
      },
      'no objects at all': (folder: string) => rm(join(folder, 'objects'), { recursive: true }),
      'a damaged HEAD': (folder: string) => writeFile(join(folder, 'HEAD'), 'rubbish'),
      'a damaged config': (folder: string) => writeFile(join(folder, 'config'), '[core'),
      'a reference to nothing': async (folder: string) => {
        await mkdir(join(folder, 'refs/sampan'), { recursive: true });
        await writeFile(join(folder, 'refs/sampan/tip'), `${'1'.repeat(40)}\n`);
      },
    })) {
      it(`recovers from a mirror with ${damage}, running and after a restart`, async () => {
        await arrives(await repo.git('rev-parse', 'HEAD'), 'the first commit');
        await harm(await mirror());
        await arrives(await repo.commit(B), 'a commit in spite of it');
        await harm(await mirror());
        const restarted = open(server.urlOf('repo'));
        assert.deepEqual(textOf(await restarted.snapshot(signal)), B);
      });
    }

    it('survives being killed in the middle of a fetch', async () => {
      await arrives(await repo.git('rev-parse', 'HEAD'), 'the first commit');
      for (let i = 0; i < 5; i++) {
        const commit = await repo.commit({
          'a.yaml': `a: ${i}\n`,
          [`big-${i}.yaml`]: `${'# filler\n'.repeat(20_000)}`,
        });
        const abort = new AbortController();
        const reading = open(server.urlOf('repo'))
          .snapshot(abort.signal)
          .catch(() => undefined);
        for (let turn = 0; turn < i * 3; turn++) await new Promise((resolve) => setImmediate(resolve));
        abort.abort();
        await reading;
        assert.equal((await open(server.urlOf('repo')).snapshot(signal)).revision, commit);
      }
    });
  });

  describe('over HTTP with credentials', () => {
    let http: Server;
    let asked: (string | undefined)[];
    let port: number;
    beforeEach(async () => {
      await repo.commit(A);
      await repo.git('update-server-info');
      await repo.git('gc', '--quiet');
      await repo.git('update-server-info');
      asked = [];
      const wanted = `Basic ${Buffer.from('deploy:s3cr3t/tok').toString('base64')}`;
      // The plain protocol: files of the repo, which also knows nothing of shallow clones.
      http = createServer(async (request, response) => {
        asked.push(request.headers.authorization);
        if (request.headers.authorization !== wanted)
          return void response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
        const path = (request.url ?? '').replace(/^\/repo\.git/, '').replace(/\?.*/, '');
        const content = await readFile(join(repo.folder, '.git', path)).catch(() => undefined);
        return void response.writeHead(content === undefined ? 404 : 200).end(content);
      });
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      port = (http.address() as AddressInfo).port;
    });
    afterEach(() => new Promise((resolve) => http.close(resolve)));

    it('sends them, keeps them out of everything that is shown or stored, and needs no smart server', async () => {
      const log = new CollectedLog();
      const source = open(`http://deploy:s3cr3t%2Ftok@127.0.0.1:${port}/repo.git`, { log });
      assert.deepEqual(textOf(await source.snapshot(signal)), A);
      assert.equal(source.location, `http://127.0.0.1:${port}/repo.git`);
      assert.ok(asked.some((header) => header?.startsWith('Basic')));
      const mirror = join(base, 'data/git');
      for (const name of await readdir(mirror, { recursive: true })) {
        const content = await readFile(join(mirror, name), 'latin1').catch(() => '');
        assert.ok(!/s3cr3t|czNjcjN0/.test(content), name);
      }
      assert.ok(!/s3cr3t/.test(JSON.stringify(log.lines)));
    });

    it('says that they are wrong without repeating them, and asks nobody', async () => {
      const message = await failureOf(open(`http://deploy:wr0ng@127.0.0.1:${port}/repo.git`));
      assert.match(message, /Authentication failed|401|403/i);
      assert.ok(!message.includes('wr0ng'));
    });
  });

  it('is one and the same source on another branch, and another one in another place', async () => {
    await repo.commit(B);
    const names = ['', '#main', '#dev', ':deploy'].map((suffix) => open(`${repo.folder}${suffix}`).name);
    assert.equal(names[0], names[1]);
    assert.equal(names[0], names[2]);
    assert.notEqual(names[0], names[3]);
    await rename(repo.folder, join(base, 'served', 'moved'));
    assert.notEqual(open(join(base, 'served', 'moved')).name, names[0]);
  });
});
