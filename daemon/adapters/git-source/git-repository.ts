/**
 * What the git source needs of a repo, be it on this machine (read where it is) or behind a URL (read from a mirror).
 */
import type { Git } from './git-command.ts';

export interface Tip {
  readonly commit: string;
  /** The commit message's first line. */
  readonly subject: string;
}

export interface GitRepository {
  /** Where the tip's objects are, after {@link tip}. */
  readonly git: Git;
  /** The commit the reference names now, with its objects at hand. Throws GitFailed where it cannot be known. */
  tip(signal: AbortSignal): Promise<Tip>;
  /** Calls `onChange` when the tip may have moved, or the repo became reachable or unreachable, until `signal` aborts. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
  /** The tip's objects turned out to be damaged. Answers whether anything was done about it. */
  repair(): Promise<boolean>;
}

/** `git log` of one commit: its id and first line. */
export async function readTip(git: Git, revision: string, signal: AbortSignal): Promise<Tip> {
  const args = ['log', '-1', '--no-show-signature', '--no-color', '--encoding=UTF-8', '--format=%H%x00%s'];
  const text = await git.text([...args, '--end-of-options', revision, '--'], signal);
  const [commit = '', subject = ''] = text.trimEnd().split('\0');
  return { commit, subject };
}
