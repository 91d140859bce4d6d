/** A git repo as the source: commit, revert, rewritten history, a bad commit and its fix; on this machine, and polled from a server. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TestRepo } from '../contracts/manifest-source-fixtures.ts';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import { eventually } from './harness/eventually.ts';
import { type GitDaemon, startGitDaemon } from './harness/git-daemon.ts';
import { runningIds } from './harness/kube-containers.ts';
import { readySource, refusedSource, sourceOf } from './harness/source-status.ts';
import { useTestBed } from './harness/test-bed.ts';

const web: App = { name: 'web', replicas: 2 };
const api: App = { name: 'api', replicas: 1 };

/** A file per app. */
function files(...apps: App[]): Record<string, string> {
  return Object.fromEntries(apps.map((app) => [`${app.name}.yaml`, manifestOf(app)]));
}

describe('a git repo on this machine', () => {
  const bed = useTestBed();
  let repo: TestRepo;
  let cluster: Cluster;
  const settled = (...apps: App[]) => untilSettled(cluster, apps);

  before('the daemon on a repo with one commit', async () => {
    repo = await TestRepo.create(join(await bed.dir(), 'repo'));
    await repo.commit({ 'README.md': 'the manifests' }, 'begin');
    const dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [repo.folder] }) };
  });

  it('deploys a commit as soon as it is made', async () => {
    const commit = await repo.commit(files(web, api), 'web and api');
    await settled(web, api);
    const source = await readySource(cluster, commit);
    const { outcome, message } = source.status.history[0];
    assert.equal(`${outcome} ${message}`, 'Applied web and api');
    const status = await cluster.sampan.cli('status');
    assert.match(status, new RegExp(commit.slice(0, 7)));
    assert.match(status, /Applied +[0-9a-f]+ .* web and api/);
  });

  it('ignores what is in the work tree and not committed', async () => {
    const ids = await runningIds(cluster.dockerd);
    await writeFile(join(repo.folder, 'web.yaml'), manifestOf({ ...web, replicas: 5 }));
    await repo.git('commit', '--quiet', '--allow-empty', '--message', 'nothing');
    await readySource(cluster, await repo.git('rev-parse', 'HEAD'));
    assert.deepEqual(await runningIds(cluster.dockerd), ids);
  });

  it('rolls back with git revert', async () => {
    await repo.commit(files({ ...web, version: '2' }, api), 'version 2');
    await settled({ ...web, version: '2' }, api);
    await repo.git('revert', '--no-edit', 'HEAD');
    await settled(web, api);
    await readySource(cluster, await repo.git('rev-parse', 'HEAD'));
  });

  it('follows a rewound and a rewritten branch', async () => {
    const good = await repo.git('rev-parse', 'HEAD');
    await repo.commit(files({ ...web, version: '3' }, api), 'to be rewound');
    await settled({ ...web, version: '3' }, api);
    await repo.git('reset', '--quiet', '--hard', good);
    await settled(web, api);
    await repo.commit(files({ ...web, replicas: 1 }, api), 'to be rewritten');
    await settled({ ...web, replicas: 1 }, api);
    await repo.git('commit', '--quiet', '--amend', '--message', 'rewritten');
    await readySource(cluster, await repo.git('rev-parse', 'HEAD'));
    await repo.commit(files(web, api), 'as before');
    await settled(web, api);
  });

  it('refuses a bad commit as a whole, keeps the one before, and takes the fix', async () => {
    const ids = await runningIds(cluster.dockerd);
    const good = await repo.git('rev-parse', 'HEAD');
    const bad = {
      ...files({ ...web, replicas: 3 }, api),
      'bad.yaml': 'apiVersion: v1\nkind: Pood\nmetadata: { name: x }\n',
    };
    await repo.commit({ ...bad, 'worse.yaml': 'a: b: c\n' }, 'bad');
    await refusedSource(cluster, /^2 problems, first: bad\.yaml:2 /);
    assert.equal((await sourceOf(cluster)).status.appliedRevision, good);
    assert.match(await cluster.sampan.cli('status'), /worse\.yaml:1/);
    assert.deepEqual(await runningIds(cluster.dockerd), ids);

    await repo.commit(files({ ...web, replicas: 3 }, api), 'the fix');
    await settled({ ...web, replicas: 3 }, api);
    await repo.commit(files(web, api), 'two again');
    await settled(web, api);
  });

  it('asks before it deletes nearly everything, and does when told to', async () => {
    await repo.commit({}, 'all gone');
    await refusedSource(cluster, /would delete 4 of 4 objects, more than 50 %/);
    await settled(web, api);
    await cluster.sampan.cli('confirm-prune');
    await settled();
  });
});

describe('a git repo on a server', () => {
  const bed = useTestBed();
  let repo: TestRepo;
  let server: GitDaemon;
  let cluster: Cluster;

  before('the daemon on a folder of a branch, served by a machine outside', async () => {
    repo = await TestRepo.create(join(await bed.dir(), 'served', 'repo'));
    await repo.commit({ 'deploy/README.md': 'what runs here' }, 'begin');
    await repo.git('checkout', '--quiet', '-b', 'production');
    const { outside, join: plugIn } = await bed.lan();
    server = await startGitDaemon(outside, '192.0.2.1', dirname(repo.folder));
    const node = await bed.netns();
    await plugIn(node);
    const dockerd = await bed.dockerd(node, { bridge: true });
    const sources = [`${server.urlOf('repo')}#production:deploy`];
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources, args: ['--sync-interval=200ms'] }) };
  });

  it('deploys what the branch has below the path, and nothing else', async () => {
    const elsewhere = { 'elsewhere/other.yaml': manifestOf({ name: 'other', replicas: 1 }) };
    const commit = await repo.commit({ ...elsewhere, 'deploy/web.yaml': manifestOf(web) });
    await readySource(cluster, commit);
    await untilSettled(cluster, [web]);
    await repo.git('checkout', '--quiet', 'main');
    await repo.commit({ 'deploy/web.yaml': manifestOf({ ...web, replicas: 5 }) }, 'on another branch');
    await repo.git('checkout', '--quiet', 'production');
    await repo.commit({ 'deploy/web.yaml': manifestOf({ ...web, version: '2' }) });
    await untilSettled(cluster, [{ ...web, version: '2' }]);
  });

  it('keeps everything while the server is away, says so, and goes on by itself', async () => {
    const ids = await runningIds(cluster.dockerd);
    await server.stop();
    await eventually(async () => /cannot be read/.test(await cluster.sampan.cli('status')), {
      describe: 'the status to say so',
    });
    await repo.commit({ 'deploy/web.yaml': manifestOf({ ...web, replicas: 1, version: '2' }) });
    assert.deepEqual(await runningIds(cluster.dockerd), ids);
    await server.start();
    await untilSettled(cluster, [{ ...web, replicas: 1, version: '2' }], 60_000);
  });
});
