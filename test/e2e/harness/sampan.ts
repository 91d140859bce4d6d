/**
 * The daemon under test: `daemon/main.ts run` as a process of its own inside a network namespace. The test bed starts it; it
 * is stopped by signal only, as people and machines stop it.
 */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BackgroundProcess, lastLines } from './background-process.ts';
import type { Dockerd } from './dockerd.ts';
import { eventually } from './eventually.ts';
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

export interface Sampan {
  readonly dataDir: string;
  readonly api: KubeClient;
  readonly logFile: string;
  /** The process that runs now, or ran last. */
  readonly process: BackgroundProcess;
  /** SIGTERM without an argument; resolves when it is gone, throws when it had to be killed. Containers go on. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data directory; resolves when its API answers, or when `ready` says so. */
  start(options?: { readonly ready: () => boolean }): Promise<void>;
  /** Runs another command of it on the same data directory (`get`, `status`, `cleanup`, ...); gives what it printed. */
  cli(...args: string[]): Promise<string>;
  /** The same for a command that may fail: resolves whatever its exit code. */
  tryCli(...args: string[]): Promise<RunResult>;
  /** The same for one that goes on until it is stopped (`logs -f`, `get -w`); what it prints is in its log. */
  startCli(...args: string[]): Promise<BackgroundProcess>;
}

const main = join(dirname(dirname(dirname(import.meta.dirname))), 'daemon/main.ts');

/** As hack/sampan has it: compiled code is kept from one start to the next. */
const ENVIRONMENT = { NODE_COMPILE_CACHE: join(homedir(), '.cache/sampan/node'), ...process.env };

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
  const command = [main, 'run', ...(options.sources ?? []), ...flags, ...(options.args ?? [])];

  let daemon: BackgroundProcess;
  const answers = () => api.list('/api/v1/namespaces').then(() => true);
  const start = async ({ ready }: { ready: () => boolean | Promise<boolean> } = { ready: answers }): Promise<void> => {
    const started = await dockerd.netns.start(process.execPath, command, logFile, { ...ENVIRONMENT, ...options.env });
    daemon = started;
    await eventually(() => !started.running || ready(), {
      describe: 'the daemon to answer on its socket',
      timeoutMs: 20_000,
    }).catch((cause: unknown) => {
      throw new Error(`the daemon does not answer:\n${lastLines(logFile)}`, { cause });
    });
    if (!started.running) throw new Error(`the daemon did not start:\n${lastLines(logFile)}`);
  };
  await start();

  const cliCommand = (args: readonly string[]): string[] => [main, ...args, '--data-dir', dataDir];
  const cliEnv = { ...ENVIRONMENT, DOCKER_HOST: dockerd.host };
  let started = 0;
  return {
    dataDir,
    api,
    logFile,
    get process() {
      return daemon;
    },
    start,
    async stop(signal = 'SIGTERM') {
      const wasRunning = daemon.running;
      await daemon.stop(signal);
      const end = await daemon.ended;
      if (wasRunning && end !== (signal === 'SIGKILL' ? signal : 0)) {
        throw new Error(`the daemon ended with ${end} after ${signal}:\n${lastLines(logFile)}`);
      }
      const [leaked] = /ended with open handles.*/.exec(daemon.readLog()) ?? [];
      if (leaked !== undefined) throw new Error(`the daemon ${leaked}`);
    },
    cli: (...args) => dockerd.netns.run(process.execPath, cliCommand(args), { env: cliEnv }),
    tryCli: (...args) => dockerd.netns.attempt(process.execPath, cliCommand(args), { env: cliEnv }),
    startCli: (...args) =>
      dockerd.netns.start(process.execPath, cliCommand(args), join(dir, `cli-${++started}.log`), cliEnv),
  };
}
