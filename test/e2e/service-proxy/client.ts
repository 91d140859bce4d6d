/** How the service-proxy tests dial: every way of connecting resolves to what came of it, an answer or an error's code. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';

export interface DialResult {
  /** The pod that answered, and the address it saw the client at. */
  readonly pod?: string;
  readonly seenAs?: string;
  /** `ECONNREFUSED`, `ECONNRESET`, `timeout`, ... where nobody answered. */
  readonly error?: string;
  readonly tookMs: number;
}

const TIMEOUT_MS = 2000;

export function dial(ip: string, port: number): Promise<DialResult> {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    const finish = (result: Omit<DialResult, 'tookMs'>) => {
      resolve({ ...result, tookMs: performance.now() - start });
      socket.resetAndDestroy();
    };
    socket.setTimeout(TIMEOUT_MS, () => finish({ error: 'timeout' }));
    socket.once('data', (data) => finish(parseGreeting(data.toString())));
    socket.once('error', (error: NodeJS.ErrnoException) => finish({ error: error.code ?? error.message }));
    socket.once('close', () => finish({ error: 'closed' }));
  });
}

/** How often each pod, or error, answered `count` dials, 20 at a time. */
export async function dialMany(ip: string, port: number, count: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const { pod, error } = await dial(ip, port);
      const answer = pod ?? error ?? '';
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return answers;
}

/** One packet, of `bytes`, and its answer. From a fixed `localPort` the packets of several calls are one flow to the kernel. */
export function dialUdp(ip: string, port: number, localPort?: number, bytes = 5): Promise<DialResult> {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (result: Omit<DialResult, 'tookMs'>) => {
      clearTimeout(timer);
      socket.close();
      resolve({ ...result, tookMs: performance.now() - start });
    };
    const timer = setTimeout(() => finish({ error: 'timeout' }), TIMEOUT_MS);
    socket.once('message', (message) => finish(parseGreeting(message.toString())));
    socket.once('error', (error: NodeJS.ErrnoException) => finish({ error: error.code ?? error.message }));
    // A connected socket is told of refusals; it must stay one socket per flow, hence the port.
    socket.bind(localPort ?? 0, () => socket.connect(port, ip, () => socket.send(Buffer.alloc(bytes))));
  });
}

/** Sends `text`, closes its own side and resolves to the length of all that comes back until the other side closes. */
export function exchange(ip: string, port: number, text: string, repeat: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ip, port, allowHalfOpen: true });
    let received = 0;
    socket.on('data', (data) => {
      received += data.length;
    });
    socket.once('end', () => resolve(received));
    socket.once('error', reject);
    socket.end(text.repeat(repeat));
  });
}

/** Connections that stay open over changes of the routes. */
export class HeldConnections {
  readonly #sockets = new Map<number, Socket>();

  async open(ip: string, port: number): Promise<number> {
    const socket = connect({ host: ip, port });
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
    const id = this.#sockets.size + 1;
    this.#sockets.set(id, socket);
    return id;
  }

  echo(id: number, text: string): Promise<string> {
    const socket = this.#sockets.get(id) as Socket;
    return new Promise((resolve, reject) => {
      socket.once('data', (data) => resolve(data.toString()));
      socket.once('error', reject);
      socket.write(text);
    });
  }
}

/** Dials without a pause, several at once, until it is stopped. */
export class Load {
  #stopped = true;
  #requests = 0;
  #failures: DialResult[] = [];
  #workers: Promise<void>[] = [];

  async start(ip: string, port: number): Promise<void> {
    this.#stopped = false;
    this.#requests = 0;
    this.#failures = [];
    this.#workers = Array.from({ length: 4 }, async () => {
      while (!this.#stopped) {
        const result = await dial(ip, port);
        this.#requests += 1;
        if (result.error !== undefined) this.#failures.push(result);
      }
    });
  }

  async stop(): Promise<{ requests: number; failures: DialResult[] }> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    return { requests: this.#requests, failures: this.#failures };
  }
}

function parseGreeting(text: string): { pod: string; seenAs: string } {
  const [pod = '', seenAs = ''] = text.trim().replace('::ffff:', '').split(' ');
  return { pod, seenAs };
}
