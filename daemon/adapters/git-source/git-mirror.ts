/**
 * The bare, shallow copy of a remote repo below the data dir: one commit deep, nothing but what is applied. Holds nothing that
 * cannot be fetched again, so whatever is wrong with it (a killed fetch's locks, damage) is answered by making it anew.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Git, type GitOptions } from './git-command.ts';

const TIP = 'refs/sampan/tip';

export class GitMirror {
  readonly git: Git;
  readonly #folder: string;
  readonly #url: string;
  #opened = false;

  /** `options.directory` is the mirror's own folder; one process uses it at a time. */
  constructor(url: string, options: GitOptions) {
    this.#url = url;
    this.#folder = options.directory;
    this.git = new Git(options);
  }

  /** Makes the mirror where it is missing, and removes what a killed git left in it. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#opened && existsSync(join(this.#folder, 'HEAD'))) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.git.text(['init', '--bare', '--quiet', '--template=', this.#folder], signal);
    await this.#unlock();
    this.#opened = true;
  }

  /** Fetches one commit; `name` is what the remote calls it: a full reference name or a commit id. */
  async fetch(name: string, signal: AbortSignal): Promise<void> {
    await this.open(signal);
    // With progress: a slow fetch is not a silent one, which would be given up.
    const always = ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', '--force', '--update-shallow'];
    try {
      await this.git.text([...always, '--depth=1', this.#url, `+${name}:${TIP}`], signal);
    } catch (error) {
      // Plain web servers know nothing of depth.
      if (!/dumb http|shallow/i.test(String(error)) || signal.aborted) throw error;
      await this.git.text([...always, this.#url, `+${name}:${TIP}`], signal);
    }
  }

  /** Fetches all branches with their history: what it takes to find a commit by an abbreviated id. */
  async fetchAll(signal: AbortSignal): Promise<void> {
    await this.open(signal);
    const args = ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', '--force'];
    const depth = existsSync(join(this.#folder, 'shallow')) ? ['--unshallow'] : [];
    const wanted = ['+refs/heads/*:refs/sampan/heads/*', '+refs/tags/*:refs/sampan/tags/*'];
    await this.git.text([...args, ...depth, this.#url, ...wanted], signal);
  }

  /** The commit that was fetched last. */
  get tip(): string {
    return TIP;
  }

  async remove(): Promise<void> {
    this.#opened = false;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #unlock(): Promise<void> {
    for (const name of await readdir(this.#folder, { recursive: true })) {
      if (/(\.lock|\/tmp_(pack|idx|obj|rev)_[^/]*)$/.test(name)) await rm(join(this.#folder, name), { force: true });
    }
  }
}
