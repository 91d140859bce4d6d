/**
 * A git repo as a source: one commit is one snapshot, read from git's objects, never from a work tree. Force-pushes and rewritten
 * history need no care: what the reference names now is what counts. A repo that cannot be read is SourceUnreachable, never empty.
 */
import { join } from 'node:path';
import { Pulse } from '../../../reconcilers/kit/pulse.ts';
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { ManifestSource, SourceSnapshot, SyncSchedule } from '../../../reconcilers/ports/manifest-source.ts';
import type { Random } from '../../../reconcilers/ports/random.ts';
import type { GitCredentials } from './git-command.ts';
import type { GitRepository } from './git-repository.ts';
import { readTree } from './git-tree.ts';
import { LocalRepository } from './local-repository.ts';
import { RemoteRepository } from './remote-repository.ts';

/** Git moves several files for one commit. */
const SETTLE_MS = 5;

export interface GitSourceLocation {
  readonly name: string;
  /** Without credentials; an absolute path where `local`. */
  readonly url: string;
  readonly local: boolean;
  readonly ref?: string;
  /** The folder within the repo, '' for all of it. */
  readonly path: string;
  readonly credentials?: GitCredentials;
  readonly display: string;
}

export interface GitSourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often a remote repo is asked; of a local one, the net under the file events. */
  readonly schedule: SyncSchedule;
  /** The daemon's environment: PATH, HOME, SSH_AUTH_SOCK, proxies, ... */
  readonly environment: NodeJS.ProcessEnv;
  /** Mirrors of remote repos are kept below it. */
  readonly dataDir: string;
}

export class GitSource implements ManifestSource {
  readonly type = 'git';
  readonly name: string;
  readonly location: string;
  readonly #path: string;
  readonly #deps: GitSourceDeps;
  readonly #repository: GitRepository;
  readonly #closing = new AbortController();
  #last: SourceSnapshot | undefined;

  constructor(location: GitSourceLocation, deps: GitSourceDeps) {
    this.name = location.name;
    this.location = location.display;
    this.#path = location.path;
    this.#deps = deps;
    const folder = join(deps.dataDir, 'git', location.name);
    this.#repository = location.local
      ? new LocalRepository(location.url, location.ref, deps)
      : new RemoteRepository({ ...location, folder }, deps);
  }

  async snapshot(signal: AbortSignal): Promise<SourceSnapshot> {
    try {
      return await this.#read(signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      signal.throwIfAborted();
      throw new SampanError('SourceUnreachable', { source: this.location, detail: messageOf(error) }, error);
    }
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const pulse = new Pulse();
    const watching = this.#repository.watch(() => pulse.notify(), stop);
    for await (const _ of pulse.stream(stop)) {
      await sleep(this.#deps.clock, SETTLE_MS, stop).catch(() => undefined);
      pulse.take();
      if (!stop.aborted) yield;
    }
    await watching;
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #read(signal: AbortSignal): Promise<SourceSnapshot> {
    const { git } = this.#repository;
    const tip = await this.#repository.tip(signal);
    if (this.#last?.revision === tip.commit) return this.#last;
    let tree: Awaited<ReturnType<typeof readTree>>;
    try {
      tree = await readTree(git, tip.commit, this.#path, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(await this.#repository.repair())) throw error;
      this.#deps.log.info('the mirror was damaged and is made anew', {
        source: this.location,
        error: messageOf(error),
      });
      await this.#repository.tip(signal);
      tree = await readTree(git, tip.commit, this.#path, signal);
    }
    this.#last = { revision: tip.commit, subject: tip.subject, ...tree };
    return this.#last;
  }
}
