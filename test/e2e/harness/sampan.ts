/**
 * The daemon under test: `daemon/main.ts run` as a process of its own inside a network namespace. The test bed starts it; it
 * is stopped by signal only, as people and machines stop it.
 */
import { dirname, join } from 'node:path';
import type { BackgroundProcess } from './background-process.ts';
import { type ControlledDaemon, KEEPING_COMPILED_CODE, startDaemon } from './controlled-daemon.ts';
import type { Dockerd } from './dockerd.ts';
import { type KubeClient, kubeClient } from './kube-client.ts';
import type { RunResult } from './run.ts';
import type { Scope } from './scope.ts';

export interface SampanOptions {
  /** Folders and git URLs to run. */
  readonly sources?: readonly string[];
  /** Further flags of `sampan run`, such as `--etcd-servers=http://127.0.0.1:2379`. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A new folder of the scope without it. */
  readonly dataDir?: string;
}

export interface Sampan extends ControlledDaemon {
  readonly dataDir: string;
  readonly api: KubeClient;
  /** Runs another command of it on the same data directory (`get`, `status`, `cleanup`, ...); gives what it printed. */
  cli(...args: string[]): Promise<string>;
  /** The same for a command that may fail: resolves whatever its exit code. */
  tryCli(...args: string[]): Promise<RunResult>;
  /** The same for one that goes on until it is stopped (`logs -f`, `get -w`); what it prints is in its log. */
  startCli(...args: string[]): Promise<BackgroundProcess>;
}

/** SAMPAN_MAIN names the bundle, where that is to be tried and not the sources. */
export const MAIN = process.env.SAMPAN_MAIN ?? join(dirname(dirname(dirname(import.meta.dirname))), 'daemon/main.ts');

/** Starts one on the engine, in the engine's namespace; resolves when its API answers, throws with the end of its log. */
export async function startSampan(
  scope: Scope,
  dockerd: Dockerd,
  name: string,
  options: SampanOptions = {},
): Promise<Sampan> {
  const dir = await scope.createDir(name);
  const dataDir = options.dataDir ?? join(dir, 'data');
  const logFile = join(dir, 'sampan.log');
  const api = kubeClient(join(dataDir, 'sampan.sock'));
  const flags = ['--data-dir', dataDir, '--docker-host', dockerd.host];
  const command = [MAIN, 'run', ...(options.sources ?? []), ...flags, ...(options.args ?? [])];

  const answers = () => api.list('/api/v1/namespaces').then(() => true);
  const { netns } = dockerd;
  const env = { ...process.env, ...options.env };
  const daemon = await startDaemon({ netns, command, logFile, env, works: answers });

  const cliCommand = (args: readonly string[]): string[] => [MAIN, ...args, '--data-dir', dataDir];
  const cliEnv = { ...KEEPING_COMPILED_CODE, ...process.env, DOCKER_HOST: dockerd.host };
  let started = 0;
  return Object.assign(daemon, {
    dataDir,
    api,
    cli: (...args: string[]) => netns.run(process.execPath, cliCommand(args), { env: cliEnv }),
    tryCli: (...args: string[]) => netns.attempt(process.execPath, cliCommand(args), { env: cliEnv }),
    startCli: (...args: string[]) =>
      netns.start(process.execPath, cliCommand(args), join(dir, `cli-${++started}.log`), cliEnv),
  });
}
