/** A git server on a machine of the test's network: real `git daemon`, over the repos below a folder. */
import { existsSync, readFileSync } from 'node:fs';
import { type BackgroundProcess, lastLines } from './background-process.ts';
import { eventually } from './eventually.ts';
import type { Netns } from './netns.ts';
import { run } from './run.ts';

export interface GitDaemon {
  /** Of a repo below the folder. */
  urlOf(repo: string): string;
  stop(): Promise<void>;
  /** Starts it again; resolves when it serves. */
  start(): Promise<void>;
}

/** Starts one that listens on `address` of the machine; resolves when it listens. It ends with its machine. */
export async function startGitDaemon(machine: Netns, address: string, folder: string): Promise<GitDaemon> {
  // Itself, not through git, which would survive it.
  const program = `${(await run('git', ['--exec-path'])).trim()}/git-daemon`;
  const args = ['--verbose', '--reuseaddr', `--listen=${address}`, '--export-all', `--base-path=${folder}`, folder];
  const logFile = `${folder}.log`;
  let server: BackgroundProcess;
  const start = async (): Promise<void> => {
    // Before it starts: it may have said so by the time it is known to run.
    const before = existsSync(logFile) ? readFileSync(logFile, 'utf8').length : 0;
    const started = await machine.start(program, args, logFile);
    server = started;
    await eventually(() => !started.running || started.readLog().includes('Ready to rumble', before), {
      describe: 'git daemon to listen',
    });
    if (!started.running) throw new Error(`git daemon did not start:\n${lastLines(logFile)}`);
  };
  await start();
  return { urlOf: (repo) => `git://${address}/${repo}`, start, stop: () => server.stop() };
}
