/** The npm package as a user has it: packed, installed into an empty folder, run by the name of its bin. */
import assert from 'node:assert/strict';
import { access, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { startProcess } from './harness/background-process.ts';
import { eventually } from './harness/eventually.ts';
import { attempt, run } from './harness/run.ts';
import { useTestBed } from './harness/test-bed.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the npm package', () => {
  const bed = useTestBed();
  let folder: string;
  let bin: string;
  // As npm finds it: a Node that is recent enough is first.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const sampan = (...args: string[]) => run(bin, args, { env });

  before('packed and installed', async () => {
    folder = await bed.dir();
    await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, env, timeoutMs: 60_000 });
    await writeFile(join(folder, 'package.json'), '{}');
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev'];
    await run('npm', ['install', ...flags, './sampan-0.1.0.tgz'], { cwd: folder, env, timeoutMs: 90_000 });
    bin = join(folder, 'node_modules/.bin/sampan');
  });

  it('carries compiled files and what they read, and no source or test', async () => {
    const inside = join(folder, 'node_modules/sampan');
    await access(join(inside, 'dist/netns-dialler-process.js'));
    await access(join(inside, 'LICENSE'));
    for (const other of ['daemon', 'reconcilers', 'test']) await assert.rejects(access(join(inside, other)), other);
  });

  it('validates manifests', async () => {
    assert.match(await sampan('--version'), /^\d+\.\d+\.\d+$/m);
    assert.match(await sampan('validate', join(ROOT, 'manifests')), /6 files, 6 objects: no problems/);
    await writeFile(join(folder, 'bad.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: { nane: web }\n');
    const { code, stdout } = await attempt(bin, ['validate', join(folder, 'bad.yaml')], { env });
    assert.equal(code, 1);
    assert.match(stdout, /bad\.yaml:3/);
  });

  it('runs as a daemon, and answers', async () => {
    const data = join(folder, 'data');
    const flags = [
      '--data-dir',
      data,
      '--docker-host',
      `unix://${folder}/none.sock`,
      '--proxy-mode=none',
      '--secure-port=0',
    ];
    const daemon = await startProcess(bin, ['run', join(ROOT, 'manifests'), ...flags], join(folder, 'log'), env);
    try {
      const declared = await eventually(
        async () => (await attempt(bin, ['get', 'rc', '--data-dir', data], { env })).stdout.includes('upper'),
        { describe: 'the controllers to be declared', timeoutMs: 20_000 },
      );
      assert.ok(declared);
    } finally {
      await daemon.stop();
    }
    assert.equal(await daemon.ended, 0);
  });
});
