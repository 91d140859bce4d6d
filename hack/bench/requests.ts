/**
 * A process inside the node's network namespace that sends HTTP requests to a Service: one after another until the first is
 * answered, or as a steady load. Started by bench-node.ts, told what to do over IPC; it measures no time itself.
 */

import { Resolver } from 'node:dns/promises';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';

export interface Target {
  readonly ip: string;
  readonly port: number;
  /** A DNS server that is asked for `ip`, which is a name then, before each request; one of its answers is taken by chance. */
  readonly resolver?: string;
}

export type Order = { readonly untilAnswered: Target } | ({ readonly load: Target } & LoadOptions) | 'end load';
export interface LoadOptions {
  readonly keepAlive?: boolean;
  readonly everyMs?: number;
}

export type Reply = 'ready' | 'answered' | 'loading' | LoadResult;

export interface LoadResult {
  readonly requests: number;
  /** What came instead of an answer, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

const PROBE_EVERY_MS = 3;
/** A request is begun so often, unless it is said otherwise ... */
const LOAD_EVERY_MS = 5;
/** ... and takes so long from its connection to its last byte, so that several are under way at any moment. */
const HOLD_MS = 15;
const TIMEOUT_MS = 3_000;
/** So many connections are kept. */
const KEPT = 10;
const REQUEST = ['GET / HTTP/1.1\r\nHost: bench\r\n', 'Connection: close\r\n\r\n'] as const;

/** Resolves when the answer is complete, rejects with what came instead. Every request has a connection of its own. */
async function request(target: Target, holdMs: number): Promise<void> {
  const host = await addressOf(target);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: target.port, noDelay: true });
    let answer = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')));
    socket.on('connect', () => {
      socket.write(REQUEST[0]);
      setTimeout(() => socket.write(REQUEST[1]), holdMs);
    });
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (answer.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(answer === '' ? 'closed without an answer' : 'cut off'));
    });
  });
}

async function addressOf({ ip, resolver }: Target): Promise<string> {
  if (resolver === undefined) return ip;
  const dns = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  dns.setServers([resolver]);
  const answers = await dns.resolve4(ip);
  return answers[Math.floor(Math.random() * answers.length)] ?? ip;
}

/** The same on a connection that is kept; used in turn, so that none rests for long. */
function keptRequest({ ip, port }: Target, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = get({ host: ip, port, agent, timeout: TIMEOUT_MS }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      );
      answer.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
  });
}

async function untilAnswered(target: Target): Promise<void> {
  for (;;) {
    try {
      await request(target, 0);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }
}

class Load {
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: Record<string, number> = {};
  readonly #timer: NodeJS.Timeout;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: KEPT, scheduling: 'fifo' });
  #requests = 0;

  constructor(target: Target, { keepAlive = false, everyMs = LOAD_EVERY_MS }: LoadOptions) {
    this.#timer = setInterval(() => {
      this.#requests += 1;
      const one: Promise<void> = (keepAlive ? keptRequest(target, this.#agent) : request(target, HOLD_MS))
        .catch((error: NodeJS.ErrnoException) => {
          const why = error.code ?? error.message;
          this.#failures[why] = (this.#failures[why] ?? 0) + 1;
        })
        .finally(() => this.#underWay.delete(one));
      this.#underWay.add(one);
    }, everyMs);
  }

  async end(): Promise<LoadResult> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
    return { requests: this.#requests, failures: this.#failures };
  }
}

if (import.meta.main) {
  let load: Load | undefined;
  const reply = (what: Reply) => process.send?.(what);
  process.on('message', async (order: Order) => {
    if (order === 'end load') reply((await load?.end()) ?? { requests: 0, failures: {} });
    else if ('load' in order) {
      load = new Load(order.load, order);
      reply('loading');
    } else {
      await untilAnswered(order.untilAnswered);
      reply('answered');
    }
  });
  process.on('disconnect', () => process.exit());
  reply('ready');
}
