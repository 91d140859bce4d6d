/** A daemon under test as a process that is started and stopped as people and machines do it: by signal. Sampan and its agents are. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BackgroundProcess, lastLines } from './background-process.ts';
import { eventually } from './eventually.ts';
import type { Netns } from './netns.ts';

export interface ControlledDaemon {
  readonly logFile: string;
  /** The process that runs now, or ran last. */
  readonly process: BackgroundProcess;
  /** SIGTERM without an argument; resolves when it is gone, throws when it had to be killed. Containers go on. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data directory; resolves when it works, or when `ready` says so. `env`: further variables. */
  start(options?: { readonly ready?: () => boolean; readonly env?: NodeJS.ProcessEnv }): Promise<void>;
}

export interface DaemonCommand {
  readonly netns: Netns;
  /** The arguments of Node. */
  readonly command: readonly string[];
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether it works; asked again until it does. `said`: its output since this start. */
  readonly works: (said: string) => boolean | Promise<boolean>;
}

/** As hack/sampan has it: what one start has compiled the next need not. */
export const KEEPING_COMPILED_CODE = { NODE_COMPILE_CACHE: join(homedir(), '.cache/sampan/node') };

/** Starts one; resolves when it works, throws with the end of its log. */
export async function startDaemon({ netns, command, logFile, env, works }: DaemonCommand): Promise<ControlledDaemon> {
  let daemon: BackgroundProcess;
  let saidBefore = 0;
  const start: ControlledDaemon['start'] = async (options = {}): Promise<void> => {
    const ready: DaemonCommand['works'] = options.ready ?? works;
    const variables = { ...KEEPING_COMPILED_CODE, ...env, ...options.env };
    const started = await netns.start(process.execPath, command, logFile, variables);
    daemon = started;
    const said = () => started.readLog().slice(saidBefore);
    await eventually(() => !started.running || ready(said()), {
      describe: 'the daemon to work',
      timeoutMs: 40_000,
      everyMs: 20,
    }).catch((cause: unknown) => {
      throw new Error(`the daemon does not work:\n${lastLines(logFile)}`, { cause });
    });
    if (!started.running) throw new Error(`the daemon did not start:\n${lastLines(logFile)}`);
  };
  await start();
  return {
    logFile,
    get process() {
      return daemon;
    },
    start,
    async stop(signal = 'SIGTERM') {
      const wasRunning = daemon.running;
      await daemon.stop(signal);
      saidBefore = daemon.readLog().length;
      const end = await daemon.ended;
      if (wasRunning && end !== (signal === 'SIGKILL' ? signal : 0)) {
        throw new Error(`the daemon ended with ${end} after ${signal}:\n${lastLines(logFile)}`);
      }
      const [leaked] = /ended with open handles.*/.exec(daemon.readLog()) ?? [];
      if (leaked !== undefined) throw new Error(`the daemon ${leaked}`);
    },
  };
}
