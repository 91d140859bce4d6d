/** Real kubectl on a real daemon, in its network namespace, with the kubeconfig that the daemon writes. What it prints is the test's to judge. */
import { join } from 'node:path';
import { findKubectl, type KubectlVersion } from '../../kubectl/harness/kubectl.ts';
import type { Netns } from './netns.ts';
import type { RunOptions, RunResult } from './run.ts';
import type { Sampan } from './sampan.ts';

export interface DaemonKubectl {
  /** What it prints on standard output; throws with its error output where it fails. */
  run(...args: string[]): Promise<string>;
  /** The same with something to read on standard input. */
  feed(input: string, ...args: string[]): Promise<string>;
  /** The same, whatever its exit code. */
  attempt(...args: string[]): Promise<RunResult>;
}

/** Where it is; undefined, and said loudly, where this machine has none of the version. With CI=true that throws. */
export function kubectlPath(version: KubectlVersion): string | undefined {
  const path = findKubectl(version);
  if (path !== undefined) return path;
  const missing = `there is no kubectl ${version} beside the kubectl on PATH`;
  if (process.env.CI === 'true') throw new Error(missing);
  console.warn(`SKIPPED: ${missing}`);
  return undefined;
}

/** Undefined where there is none; see {@link kubectlPath}. `home`: a folder of its own. */
export function daemonKubectl(
  version: KubectlVersion,
  { netns, sampan, home }: { readonly netns: Netns; readonly sampan: Sampan; readonly home: string },
): DaemonKubectl | undefined {
  const path = kubectlPath(version);
  if (path === undefined) return undefined;
  const env = { HOME: home, KUBECONFIG: join(sampan.dataDir, 'kubeconfig'), PATH: process.env.PATH };
  const options: RunOptions = { env };
  return {
    run: (...args) => netns.run(path, args, options),
    feed: (input, ...args) => netns.run(path, args, { ...options, input }),
    attempt: (...args) => netns.attempt(path, args, options),
  };
}
