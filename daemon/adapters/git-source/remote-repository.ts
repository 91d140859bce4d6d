/**
 * A repo behind a URL: asked for its tip with ls-remote, which costs no objects, on schedule; fetched into a mirror only when the
 * tip is another one. Asks less often while it does not answer.
 */
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort, messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { SyncSchedule } from '../../../reconcilers/ports/manifest-source.ts';
import type { Random } from '../../../reconcilers/ports/random.ts';
import { Git, type GitCredentials, GitFailed } from './git-command.ts';
import { GitMirror } from './git-mirror.ts';
import { type GitRepository, readTip, type Tip } from './git-repository.ts';

const BACKOFF_MS = { first: 1_000, most: 5 * 60_000 };
/** What the poll has just seen need not be asked again to be read. */
const FRESH_MS = 2_000;

export interface RemoteRepositoryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly schedule: SyncSchedule;
  readonly environment: NodeJS.ProcessEnv;
}

interface Remote {
  readonly url: string;
  readonly ref?: string;
  readonly credentials?: GitCredentials;
  /** Where the mirror may be made. */
  readonly folder: string;
}

/** What the remote calls the wanted commit, and which one that is. */
interface RemoteTip {
  readonly name: string;
  readonly commit: string;
}

export class RemoteRepository implements GitRepository {
  readonly #remote: Remote;
  readonly #deps: RemoteRepositoryDeps;
  readonly #mirror: GitMirror;
  readonly #asking: Git;
  #seen: { tip: RemoteTip; at: number } | undefined;
  #fetched: Tip | undefined;
  /** Whether the reference turned out to be a commit, neither branch nor tag. */
  #isCommit = false;
  /** Whether the last look failed: it is repeated as soon as the remote answers. */
  #failing = false;

  constructor(remote: Remote, deps: RemoteRepositoryDeps) {
    const { url, credentials, folder } = remote;
    const options = { environment: deps.environment, ...(credentials && { credentials: { url, ...credentials } }) };
    this.#remote = remote;
    this.#deps = deps;
    this.#mirror = new GitMirror(url, { ...options, directory: folder });
    this.#asking = new Git({ ...options, directory: '/' });
  }

  get git(): Git {
    return this.#mirror.git;
  }

  async tip(signal: AbortSignal): Promise<Tip> {
    this.#failing = true;
    const tip = await this.#readTip(signal);
    this.#failing = false;
    return tip;
  }

  async watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    const { clock, random, schedule } = this.#deps;
    let failures = 0;
    try {
      while (!signal.aborted) {
        const backoffMs =
          Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** (failures - 1)) * (0.8 + 0.4 * random.next());
        await sleep(clock, failures === 0 ? schedule.nextMs() : backoffMs, signal);
        // A commit never moves: once it is here there is nothing to ask.
        if (this.#fetched !== undefined && this.#isCommit) continue;
        try {
          const tip = await this.#ask(signal);
          this.#seen = { tip, at: clock.now() };
          if (failures > 0 || this.#failing || tip.commit !== this.#fetched?.commit) onChange();
          failures = 0;
        } catch (error) {
          if (isAbort(error)) throw error;
          failures += 1;
          if (failures === 1) onChange();
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async repair(): Promise<boolean> {
    this.#fetched = undefined;
    await this.#mirror.remove();
    return true;
  }

  async #readTip(signal: AbortSignal): Promise<Tip> {
    const wanted = this.#takeSeen() ?? (await this.#ask(signal));
    this.#isCommit = isCommitId(wanted.name);
    if (this.#fetched?.commit === wanted.commit) return this.#fetched;
    try {
      this.#fetched = await this.#fetch(wanted, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The remote does answer, so it is likely to be the mirror: once more into a new one.
      this.#deps.log.info('fetching failed, making the mirror anew', {
        url: this.#remote.url,
        error: messageOf(error),
      });
      await this.#mirror.remove();
      this.#fetched = await this.#fetch(wanted, signal);
    }
    return this.#fetched;
  }

  /** What the poll has just found to be new. */
  #takeSeen(): RemoteTip | undefined {
    const seen = this.#seen;
    this.#seen = undefined;
    const isNews = seen !== undefined && seen.tip.commit !== this.#fetched?.commit;
    return isNews && this.#deps.clock.now() - seen.at < FRESH_MS ? seen.tip : undefined;
  }

  /** One `git ls-remote`. */
  async #ask(signal: AbortSignal): Promise<RemoteTip> {
    const { url, ref } = this.#remote;
    const names = ref === undefined ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/tags/${ref}^{}`, ref];
    const listed = await this.#asking.text(['ls-remote', '--quiet', url, ...names], signal);
    const found = new Map<string, string>();
    for (const line of listed.split('\n')) {
      const [commit, name] = line.split('\t');
      if (commit && name) found.set(name, commit);
    }
    for (const name of names) {
      const commit = found.get(`${name}^{}`) ?? found.get(name);
      if (commit !== undefined) return { name, commit };
    }
    if (ref === undefined) throw new GitFailed('it has no commit yet');
    if (isCommitId(ref)) return { name: ref, commit: ref };
    throw new GitFailed(`it has no branch or tag "${ref}"`);
  }

  async #fetch({ name, commit }: RemoteTip, signal: AbortSignal): Promise<Tip> {
    if (name.length !== 40 && isCommitId(name)) return this.#find(name, signal);
    try {
      await this.#mirror.fetch(name, signal);
    } catch (error) {
      // Some servers give no commit by its id: then it is looked for in the branches.
      if (name !== commit || signal.aborted) throw error;
      return this.#find(name, signal);
    }
    return readTip(this.git, `${this.#mirror.tip}^{commit}`, signal);
  }

  async #find(commit: string, signal: AbortSignal): Promise<Tip> {
    await this.#mirror.fetchAll(signal);
    return readTip(this.git, `${commit}^{commit}`, signal);
  }
}

function isCommitId(ref: string | undefined): boolean {
  return ref !== undefined && /^[0-9a-f]{7,40}$/.test(ref);
}
