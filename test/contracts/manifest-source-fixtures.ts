/** Sources under test: the fake, folders, local git repos, remote git repos served by git daemon on loopback. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FolderSource } from '../../daemon/adapters/folder-source/folder-source.ts';
import { GitSource } from '../../daemon/adapters/git-source/git-source.ts';
import { type GitLocation, parseSourceLocation } from '../../daemon/adapters/source-location.ts';
import { parseInterval } from '../../daemon/adapters/sync-schedule.ts';
import { systemClock } from '../../daemon/adapters/system-clock.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import type { SyncSchedule } from '../../reconcilers/ports/manifest-source.ts';
import { type BackgroundProcess, startProcess } from '../e2e/harness/background-process.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { run } from '../e2e/harness/run.ts';
import { CollectedLog } from '../fakes/collected-log.ts';
import { FakeSource } from '../fakes/fake-source.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import type { SourceUnderTest } from './manifest-source.contract.ts';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sampan-source-'));
}

export async function fakeSource(): Promise<SourceUnderTest> {
  const source = new FakeSource();
  const isManifest = ([path]: [string, string]) => /\.(yaml|yml|json)$/.test(path);
  let files: Record<string, string> = {};
  const set = () => void source.set(files);
  set();
  return {
    source,
    write: async (wanted) => {
      files = Object.fromEntries(Object.entries(wanted).filter(isManifest));
      set();
    },
    vanish: async () => source.vanish(),
    comeBack: async () => set(),
    dispose: async () => {},
  };
}

function every(interval: string): SyncSchedule {
  const schedule = parseInterval(interval);
  if (schedule === undefined) throw new Error(`"${interval}" is no interval`);
  return schedule;
}

export function folderSourceAt(root: string, log: Log = new CollectedLog(), schedule = '60s'): FolderSource {
  return new FolderSource('web-1', root, { clock: systemClock, log, schedule: every(schedule) });
}

export async function folderSource(): Promise<SourceUnderTest> {
  const base = await temporaryFolder();
  const root = join(base, 'manifests');
  await mkdir(root);
  return {
    source: folderSourceAt(root),
    write: (files) => replaceFiles(root, files),
    vanish: () => rename(root, join(base, 'away')),
    comeBack: () => rename(join(base, 'away'), root),
    dispose: () => rm(base, { recursive: true, force: true }),
  };
}

/** Makes `files` all there is below `root`, hidden entries aside. Each file appears whole, as editors save. */
export async function replaceFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(`${target}.tmp`, text);
    await rename(`${target}.tmp`, target);
  }
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (entry.isFile() && !path.startsWith('.') && files[path] === undefined) await rm(join(root, path));
  }
}

/** A work copy that commits are made in; git's configuration of the machine is kept out of it. */
export class TestRepo {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(folder: string): Promise<TestRepo> {
    await mkdir(folder, { recursive: true });
    const repo = new TestRepo(folder);
    await repo.git('init', '--quiet', '--initial-branch=main');
    return repo;
  }

  async git(...args: string[]): Promise<string> {
    const { HOME: _home, ...env } = process.env;
    const identity = {
      GIT_AUTHOR_NAME: 't',
      GIT_AUTHOR_EMAIL: 't@t',
      GIT_COMMITTER_NAME: 't',
      GIT_COMMITTER_EMAIL: 't@t',
    };
    const output = await run('git', args, {
      cwd: this.folder,
      env: { ...env, ...identity, GIT_CONFIG_GLOBAL: '/dev/null' },
    });
    return output.trim();
  }

  /** Commits `files` as all there is; answers the commit. */
  async commit(files: Readonly<Record<string, string>>, subject = 'a commit'): Promise<string> {
    await replaceFiles(this.folder, files);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', subject);
    return this.git('rev-parse', 'HEAD');
  }
}

export function gitSourceAt(
  location: string,
  dataDir: string,
  options: { schedule?: string; log?: Log; environment?: NodeJS.ProcessEnv } = {},
): GitSource {
  const parsed = parseSourceLocation(location, '/') as GitLocation;
  return new GitSource(parsed, {
    clock: systemClock,
    random: new SeededRandom(),
    log: options.log ?? new CollectedLog(),
    schedule: every(options.schedule ?? '60s'),
    environment: options.environment ?? process.env,
    dataDir,
  });
}

export async function localGitSource(): Promise<SourceUnderTest> {
  const base = await temporaryFolder();
  const folder = join(base, 'repo');
  const repo = await TestRepo.create(folder);
  await repo.commit({});
  return {
    source: gitSourceAt(folder, join(base, 'data')),
    write: async (files) => void (await repo.commit(files)),
    vanish: () => rename(folder, join(base, 'away')),
    comeBack: () => rename(join(base, 'away'), folder),
    dispose: () => rm(base, { recursive: true, force: true }),
  };
}

/** `git daemon` on loopback over the repos below `folder`. */
export class GitServer {
  readonly #folder: string;
  readonly #port: number;
  #process: BackgroundProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async create(folder: string): Promise<GitServer> {
    const server = new GitServer(folder, await freePort());
    await server.start();
    return server;
  }

  urlOf(repo: string): string {
    return `git://127.0.0.1:${this.#port}/${repo}`;
  }

  async start(): Promise<void> {
    // Itself, not through git, which would survive it.
    const program = join((await run('git', ['--exec-path'])).trim(), 'git-daemon');
    const args = ['--reuseaddr', '--listen=127.0.0.1', `--port=${this.#port}`];
    const served = ['--export-all', `--base-path=${this.#folder}`, this.#folder];
    this.#process = await startProcess(program, [...args, ...served], `${this.#folder}.log`);
    await eventually(() => run('git', ['ls-remote', this.urlOf('repo')]).then(() => true), { describe: 'git daemon' });
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}

export async function remoteGitSource(): Promise<SourceUnderTest> {
  const base = await temporaryFolder();
  const repo = await TestRepo.create(join(base, 'served', 'repo'));
  await repo.commit({});
  const server = await GitServer.create(join(base, 'served'));
  return {
    source: gitSourceAt(server.urlOf('repo'), join(base, 'data'), { schedule: '100ms' }),
    write: async (files) => void (await repo.commit(files)),
    vanish: () => server.stop(),
    comeBack: () => server.start(),
    dispose: async () => {
      await server.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
