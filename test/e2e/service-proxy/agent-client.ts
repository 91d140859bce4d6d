/** Starts an agent in a network namespace and calls its operations. Tests and hack/bench/proxy.ts use it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Netns } from '../harness/netns.ts';
import type { Operations } from './agent.ts';

export interface Agent {
  call<K extends keyof Operations>(
    operation: K,
    ...args: Parameters<Operations[K]>
  ): Promise<Awaited<ReturnType<Operations[K]>>>;
  /** As a crash would: SIGKILL. */
  kill(): Promise<void>;
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

export async function startAgent(netns: Netns): Promise<Agent> {
  const script = join(import.meta.dirname, 'agent.ts');
  const child = spawn('nsenter', [`--net=${netns.path}`, '--', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = endOf(child);
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  const ready = Promise.withResolvers<void>();
  child.on('message', (message: 'ready' | { id: number; result?: never; error?: string }) => {
    if (message === 'ready') return ready.resolve();
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result as never);
    else call?.reject(new Error(message.error));
  });
  void ended.then((how) => {
    const error = new Error(`the agent in ${netns.name} ended: ${how}`);
    ready.reject(error);
    for (const call of waiting.values()) call.reject(error);
  });
  await ready.promise;
  return {
    call(operation, ...args) {
      return new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        child.send({ id: calls, operation, args });
      });
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(String(signal ?? code)));
  });
}
