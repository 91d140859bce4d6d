/**
 * Programs that tell what changes in the kernel's network (`nft monitor`, `ip monitor`), kept running as long as somebody listens, and
 * never longer than the daemon; and their news as disturbances, many at once as one. They cost nothing while nobody changes anything.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { runCommand } from './command.ts';

export interface Monitor {
  readonly command: readonly [program: string, ...args: string[]];
  /** Reads what it prints, to the end. */
  read(lines: AsyncIterable<string>): Promise<void>;
  /** What happened until now may have been missed: such programs do not say when they are ready. Called after each start. */
  onReady(): void;
}

const READY_MS = 500;
const RESTART_MS = { first: 100, most: 30_000 };
/** Firewall reloads come in bursts of transactions; one repair is enough. */
const BURST_MS = 50;

/** Starts it again whenever it ends (its kernel buffer overran, it is not installed), until `signal` aborts. Never rejects. */
export async function keepMonitor(monitor: Monitor, log: Log, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const ready = setTimeout(monitor.onReady, READY_MS).unref();
    await monitor.read(
      linesOf(monitor.command, signal, () => {
        failures = 0;
      }),
    );
    clearTimeout(ready);
    if (signal.aborted) return;
    const waitMs = Math.min(RESTART_MS.most, RESTART_MS.first * 2 ** failures);
    failures += 1;
    log.debug('a monitor ended; starting it again', { command: monitor.command.join(' '), waitMs });
    await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Yields after `doubt` was called by what `watch` set up, once for all calls that come close together. */
export async function* inBursts(
  watch: (doubt: () => void, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<void, void> {
  let wake = Promise.withResolvers<void>();
  const left = new AbortController();
  const watching = watch(() => wake.resolve(), AbortSignal.any([signal, left.signal]));
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  try {
    while (!signal.aborted) {
      await wake.promise;
      await delay(BURST_MS, undefined, { signal }).catch(() => undefined);
      wake = Promise.withResolvers<void>();
      if (!signal.aborted) yield;
    }
  } finally {
    left.abort();
    await watching;
  }
}

async function* linesOf(
  command: Monitor['command'],
  signal: AbortSignal,
  onLine: () => void,
): AsyncGenerator<string, void> {
  const [program = '', ...args] = [...(await bondOfChildren()), ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      onLine();
      yield line;
    }
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}

/**
 * What makes the kernel end a program with this process (PR_SET_PDEATHSIG): a killed daemon's monitor would live until it next had
 * something to write. `setpriv` becomes the program and is no process beside it. Nothing where it is missing, or BusyBox's.
 */
async function bondOfChildren(): Promise<readonly string[]> {
  const bond = ['setpriv', '--pdeathsig', 'KILL'] as const;
  return (await runCommand(bond[0], [...bond.slice(1), 'true'])).code === 0 ? bond : [];
}
