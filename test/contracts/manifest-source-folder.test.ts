/** What is particular to a folder as a source: how programs save files, links, volumes, what cannot be read. Real files, real events. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderSource } from '../../daemon/adapters/folder-source/folder-source.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { CollectedLog } from '../fakes/collected-log.ts';
import { ChangeCounter, signal, snapshotWhen, textOf } from './manifest-source.contract.ts';
import { folderSourceAt, temporaryFolder } from './manifest-source-fixtures.ts';

describe('folder source', () => {
  let base: string;
  let root: string;
  let source: FolderSource;
  let changes: ChangeCounter;
  beforeEach(async () => {
    base = await temporaryFolder();
    root = join(base, 'manifests');
    await mkdir(root);
    source = folderSourceAt(root);
    changes = new ChangeCounter(source);
  });
  afterEach(async () => {
    await changes.stop();
    await rm(base, { recursive: true, force: true });
  });
  const put = (path: string, text: string) => writeFile(join(root, path), text);
  const when = (text: Record<string, string>) =>
    snapshotWhen(
      source,
      changes,
      (snapshot) => JSON.stringify(textOf(snapshot)) === JSON.stringify(text),
      JSON.stringify(text),
    );

  it('does not read a file while it is being written', async () => {
    await put('a.yaml', 'a: 1\n');
    await when({ 'a.yaml': 'a: 1\n' });
    const file = await open(join(root, 'a.yaml'), 'w');
    await file.write('a: 2\n');
    let settled = false;
    const reading = source.snapshot(signal).then((snapshot) => {
      settled = true;
      return snapshot;
    });
    // As long as a scan takes several times over: it must still wait.
    for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    await file.write('b: 3\n');
    await file.close();
    assert.deepEqual(textOf(await reading), { 'a.yaml': 'a: 2\nb: 3\n' });
  });

  it('does not believe a file that has just been emptied', async () => {
    await put('a.yaml', 'a: 1\n');
    await when({ 'a.yaml': 'a: 1\n' });
    await truncate(join(root, 'a.yaml'));
    const reading = source.snapshot(signal);
    await put('a.yaml', 'a: 2\n');
    assert.deepEqual(textOf(await reading), { 'a.yaml': 'a: 2\n' });
  });

  it('ignores what editors and copying tools leave while they save', async () => {
    await put('a.yaml', 'a: 1\n');
    const left = [
      '.a.yaml.swp',
      '.#a.yaml',
      '#a.yaml#',
      'a.yaml~',
      '4913',
      'a.yaml.tmp',
      'a.yaml.part',
      '~a.yaml',
      'sedXyZ12',
    ];
    for (const name of left) await put(name, 'x');
    await mkdir(join(root, '.git'));
    await put('.git/config.yaml', 'x');
    assert.deepEqual(textOf(await source.snapshot(signal)), { 'a.yaml': 'a: 1\n' });
  });

  it('sees files dropped into new folders, and folders moved in and out', async () => {
    await mkdir(join(root, 'one/two'), { recursive: true });
    await put('one/two/a.yaml', 'a: 1\n');
    await when({ 'one/two/a.yaml': 'a: 1\n' });
    await rename(join(root, 'one'), join(base, 'aside'));
    await when({});
    await rename(join(base, 'aside'), join(root, 'other'));
    await when({ 'other/two/a.yaml': 'a: 1\n' });
    await put('other/two/a.yaml', 'a: 2\n');
    await when({ 'other/two/a.yaml': 'a: 2\n' });
  });

  it('follows links, notices what they lead to change, and a mounted ConfigMap being swapped', async () => {
    await mkdir(join(root, '..v1'));
    await put('..v1/a.yaml', 'a: 1\n');
    await symlink('..v1', join(root, '..data'));
    await symlink('..data/a.yaml', join(root, 'a.yaml'));
    await mkdir(join(base, 'elsewhere'));
    await writeFile(join(base, 'elsewhere/b.yaml'), 'b: 1\n');
    await symlink(join(base, 'elsewhere'), join(root, 'linked'));
    await symlink('..', join(base, 'elsewhere/loop'));
    await symlink('.', join(root, 'self'));
    await when({ 'a.yaml': 'a: 1\n', 'linked/b.yaml': 'b: 1\n' });

    await mkdir(join(root, '..v2'));
    await put('..v2/a.yaml', 'a: 2\n');
    await symlink('..v2', join(root, '..data_tmp'));
    await rename(join(root, '..data_tmp'), join(root, '..data'));
    await when({ 'a.yaml': 'a: 2\n', 'linked/b.yaml': 'b: 1\n' });
    await writeFile(join(base, 'elsewhere/b.yaml'), 'b: 2\n');
    await when({ 'a.yaml': 'a: 2\n', 'linked/b.yaml': 'b: 2\n' });
  });

  it('names a link that leads nowhere and a file that is too large, and counts them into the revision', async () => {
    await put('a.yaml', 'a: 1\n');
    const { revision } = await source.snapshot(signal);
    await symlink('nowhere', join(root, 'b.yaml'));
    await put('c.yaml', '');
    await truncate(join(root, 'c.yaml'), 3 * 1024 ** 3);
    const snapshot = await source.snapshot(signal);
    assert.notEqual(snapshot.revision, revision);
    assert.deepEqual(
      snapshot.problems.map(({ file }) => file),
      ['b.yaml', 'c.yaml'],
    );
    assert.match(snapshot.problems[1]?.message ?? '', /is 3221225472 bytes large/);
  });

  it('doubts an empty folder in the place of a full one, but not one that was emptied', async () => {
    assert.match((await source.snapshot(signal)).doubt ?? '', /is empty/);
    await put('a.yaml', 'a: 1\n');
    assert.equal((await source.snapshot(signal)).doubt, undefined);
    await rm(join(root, 'a.yaml'));
    assert.equal((await source.snapshot(signal)).doubt, undefined);
    await put('a.yaml', 'a: 1\n');
    await when({ 'a.yaml': 'a: 1\n' });
    await rename(root, join(base, 'away'));
    await mkdir(root); // what is left of a mount point
    await snapshotWhen(source, changes, ({ doubt }) => doubt !== undefined, 'a doubt');
    await rm(root, { recursive: true });
    await rename(join(base, 'away'), root);
    await when({ 'a.yaml': 'a: 1\n' });
  });

  it('is unreachable where the folder is a file', async () => {
    const file = join(base, 'file');
    await writeFile(file, '');
    const error = await folderSourceAt(file)
      .snapshot(signal)
      .catch((caught: unknown) => caught);
    assert.ok(isSampanError(error, 'SourceUnreachable'));
    assert.match(error.message, /it is not a folder/);
  });

  describe('when its watch begins', () => {
    let log: CollectedLog;
    beforeEach(async () => {
      await changes.stop();
      log = new CollectedLog();
      source = folderSourceAt(root, log);
      await put('a.yaml', 'a: 1\n');
      await source.snapshot(signal);
    });

    it('says nothing of what it has read already', async () => {
      changes = new ChangeCounter(source);
      await eventually(() => log.lines.some(({ message }) => message.startsWith('watching the folder')), {
        describe: 'the watch',
      });
      assert.equal(changes.count, 0);
      await put('a.yaml', 'a: 2\n');
      await eventually(() => changes.count > 0, { describe: 'the change' });
      assert.deepEqual(textOf(await source.snapshot(signal)), { 'a.yaml': 'a: 2\n' });
    });

    it('tells of what happened since', async () => {
      await put('a.yaml', 'a: 2\n');
      changes = new ChangeCounter(source);
      await eventually(() => changes.count > 0, { describe: 'the change' });
      assert.deepEqual(textOf(await source.snapshot(signal)), { 'a.yaml': 'a: 2\n' });
    });
  });

  it('rescans by content on schedule, without any event', async () => {
    await changes.stop();
    source = folderSourceAt(root, undefined, '100ms');
    changes = new ChangeCounter(source);
    const first = changes.count;
    await snapshotWhen(source, changes, () => changes.count >= first + 3, 'three rescans');
  });

  it('goes on with rescans, and says so, where the system has no watches left', function () {
    const script = `
      import { folderSourceAt } from '${import.meta.dirname}/manifest-source-fixtures.ts';
      import { CollectedLog } from '${import.meta.dirname}/../fakes/collected-log.ts';
      import { ChangeCounter } from '${import.meta.dirname}/manifest-source.contract.ts';
      import { writeFileSync } from 'node:fs';
      const log = new CollectedLog();
      const source = folderSourceAt(${JSON.stringify(root)}, log);
      const changes = new ChangeCounter(source);
      const until = performance.now() + 8000;
      while (!log.lines.some(({ level }) => level === 'error') && performance.now() < until) await new Promise(setImmediate);
      const before = changes.count;
      while (changes.count < before + 2 && performance.now() < until) await new Promise((done) => setTimeout(done, 10));
      await changes.stop();
      console.log(JSON.stringify({ said: log.lines.map(({ message }) => message), more: changes.count - before }));
    `;
    // In a user namespace of its own the limit can be lowered for this process alone.
    const limit = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const args = [
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      limit,
      'sh',
      process.execPath,
      '--input-type=module',
      '--eval',
      script,
    ];
    const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    if (status !== 0 && /unshare|max_inotify_watches/.test(stderr)) {
      console.warn(`skipped, no user namespaces here: ${stderr}`);
      return this.skip();
    }
    assert.equal(status, 0, stderr);
    const { said, more } = JSON.parse(stdout) as { said: string[]; more: number };
    assert.match(said[0] ?? '', /no file watches left/);
    assert.ok(more >= 2);
  });
});
