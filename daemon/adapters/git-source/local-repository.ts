/**
 * A repo on this machine, with or without a work tree: read where it is, and watched, so that a commit is noticed as it is made.
 * Nothing is ever written into it.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { watch } from 'chokidar';
import { Pulse } from '../../../reconcilers/kit/pulse.ts';
import type { CancelTimer, Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { SyncSchedule } from '../../../reconcilers/ports/manifest-source.ts';
import { Git, GitFailed } from './git-command.ts';
import { type GitRepository, readTip, type Tip } from './git-repository.ts';

/** How often to look whether the repo is still (or again) there: no file event tells of a mount. */
const PRESENCE_MS = 1_000;

export interface LocalRepositoryDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly schedule: SyncSchedule;
  readonly environment: NodeJS.ProcessEnv;
}

export class LocalRepository implements GitRepository {
  readonly git: Git;
  readonly #path: string;
  readonly #revisions: readonly string[];
  readonly #deps: LocalRepositoryDeps;
  /** Whether the last look failed: then it is repeated soon, as not all that ends a failure is a file event. */
  #failing = false;

  /** `path`: a work tree's top folder or a bare repo, absolute. `ref` absent: HEAD, whichever branch that is. */
  constructor(path: string, ref: string | undefined, deps: LocalRepositoryDeps) {
    this.#path = path;
    this.#revisions = ref === undefined ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}`, ref];
    this.#deps = deps;
    this.git = new Git({ directory: path, environment: deps.environment });
  }

  async tip(signal: AbortSignal): Promise<Tip> {
    this.#failing = true;
    const tip = await this.#readTip(signal);
    this.#failing = false;
    return tip;
  }

  async watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ended = new Pulse();
      const timers = new Set<CancelTimer>();
      const folders = gitFolders(this.#path);
      const check = () => {
        if (this.#failing) onChange();
        if (JSON.stringify(gitFolders(this.#path)) !== JSON.stringify(folders)) ended.notify();
        else timers.add(this.#deps.clock.setTimer(PRESENCE_MS, check));
      };
      const poll = () => {
        onChange();
        timers.add(this.#deps.clock.setTimer(this.#deps.schedule.nextMs(), poll));
      };
      check();
      poll();
      const watcher = folders && this.#watchRefs(folders, onChange);
      for await (const _ of ended.stream(signal)) break;
      for (const cancel of timers) cancel();
      await watcher?.close();
    }
  }

  async repair(): Promise<boolean> {
    return false;
  }

  async #readTip(signal: AbortSignal): Promise<Tip> {
    if (gitFolders(this.#path) === undefined) throw new GitFailed(`there is no git repo at ${this.#path}`);
    let first: unknown;
    for (const revision of this.#revisions) {
      try {
        return await readTip(this.git, `${revision}^{commit}`, signal);
      } catch (error) {
        signal.throwIfAborted();
        first ??= error;
      }
    }
    const name = this.#revisions.at(-1);
    const detail = name === 'HEAD' ? 'it has no commit yet' : `it has no branch, tag or commit "${name}"`;
    throw isUnknownRevision(first) ? new GitFailed(detail) : first;
  }

  #watchRefs({ own, common }: GitFolders, onChange: () => void) {
    const paths = [join(own, 'HEAD'), ...['packed-refs', 'refs', 'reftable'].map((name) => join(common, name))];
    const watcher = watch(paths, {
      ignoreInitial: true,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path) => path.endsWith('.lock'),
    });
    watcher.on('all', onChange);
    watcher.on('ready', onChange);
    watcher.on('error', (error) => {
      const fields = { repo: this.#path, error: messageOf(error) };
      this.#deps.log.error("the repo's refs cannot be watched: it is looked at on schedule only", fields);
    });
    return watcher;
  }
}

interface GitFolders {
  /** Where HEAD is: the git folder of a worktree is its own. */
  readonly own: string;
  /** Where the refs are. */
  readonly common: string;
  /** Changes when another repo takes the place. */
  readonly inode: number;
}

/** gitrepository-layout(5); undefined where there is no repo. */
function gitFolders(path: string): GitFolders | undefined {
  try {
    let own = path;
    if (existsSync(join(path, '.git'))) {
      const pointer = /^gitdir: (.*)/.exec(readIfFile(join(path, '.git')))?.[1];
      own = pointer === undefined ? join(path, '.git') : resolve(path, pointer);
    }
    if (!existsSync(join(own, 'HEAD'))) return undefined;
    const shared = join(own, 'commondir');
    const common = existsSync(shared) ? resolve(own, readFileSync(shared, 'utf8').trim()) : own;
    return { own, common, inode: statSync(own).ino };
  } catch {
    return undefined;
  }
}

function readIfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a folder: the usual case
  }
}

function isUnknownRevision(error: unknown): boolean {
  return /bad revision|unknown revision|ambiguous argument|not a valid object|does not have any commits/i.test(
    messageOf(error),
  );
}
