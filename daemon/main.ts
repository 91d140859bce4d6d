#!/usr/bin/env node
/** The process: reads the command line, runs the subcommand it names, turns signals into an orderly end and errors into exit codes. */
import packageJson from '../package.json' with { type: 'json' };
import { isAbort, messageOf, SampanError } from '../reconcilers/ports/errors.ts';
import { ApiConnection } from './cli/api-connection.ts';
import { type Commands, runCommandLine } from './config.ts';

const { version } = packageJson;
const LINGER_MS = 3_000;
const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)];

// Subcommands are loaded when they are asked for: `sampan get` needs neither Docker nor etcd.
const commands: Commands = {
  async run(config) {
    const { run } = await import('./cli/run.ts');
    const { stdout, env: environment, pid } = process;
    const code = await run(config, {
      version,
      stdout,
      environment,
      pid,
      program,
      folder: process.cwd(),
      signal: untilSignalled(),
    });
    endSoon(code);
    return code;
  },
  async agent(config) {
    const { agent } = await import('./cli/agent.ts');
    const { stdout, pid } = process;
    const code = await agent(config, { version, program, stdout, pid, signal: untilSignalled() });
    endSoon(code);
    return code;
  },
  async validate(paths) {
    const { validatePaths } = await import('./cli/validate.ts');
    return validatePaths([...paths], process.stdout);
  },
  async get(config) {
    const { get } = await import('./cli/get.ts');
    return get(config, new ApiConnection(config.dataDir), process.stdout, process.stderr);
  },
  async logs(config) {
    const { logs } = await import('./cli/logs.ts');
    return logs(config, new ApiConnection(config.dataDir), process.stdout);
  },
  async status(config) {
    const { status } = await import('./cli/status.ts');
    return status(config, new ApiConnection(config.dataDir), process.stdout, Date.now());
  },
  async confirmPrune(source, config) {
    const { confirmPrune } = await import('./cli/confirm-prune.ts');
    return confirmPrune(source, config, new ApiConnection(config.dataDir), process.stdout);
  },
  async kubeconfig(config) {
    const { kubeconfig } = await import('./cli/kubeconfig.ts');
    return kubeconfig(config, process.stdout, Date.now());
  },
  async token(config) {
    const [{ token }, { systemClock }] = await Promise.all([
      import('./cli/token.ts'),
      import('./adapters/system-clock.ts'),
    ]);
    return token(config, new ApiConnection(config.dataDir), process.stdout, systemClock);
  },
  async dnsStandby(config) {
    const { dnsStandby } = await import('./cli/dns-standby.ts');
    return dnsStandby(config, process.stdout);
  },
  async cleanup(config) {
    const { cleanup } = await import('./cli/cleanup.ts');
    return cleanup(config, process.stdout);
  },
};

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process on the spot. */
function untilSignalled(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort());
  }
  return stop.signal;
}

/** A daemon that has let go of everything is not kept by a handle that something left open; it says which. */
function endSoon(code: number): void {
  const end = () => {
    process.stderr.write(`sampan: ended with open handles: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(code);
  };
  setTimeout(end, LINGER_MS).unref();
}

// A reader that has seen enough (`sampan get pods | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = 0;
  process.stdout.destroy();
});

try {
  process.exitCode = await runCommandLine(process.argv, version, commands);
} catch (error) {
  if (isAbort(error)) process.exit(0);
  const isOurs = error instanceof SampanError;
  process.stderr.write(`sampan: ${messageOf(error)}\n`);
  if (!isOurs && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = isOurs && error.code === 'Usage' && error.details.status === undefined ? 2 : 1;
}
