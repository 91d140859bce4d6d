/** A client's side of SPDY/3.1, as little as kubectl does of it, for tests of the server's: opens streams, sends, collects. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeFrame, type Frame, FrameReader } from '../../daemon/node-server/spdy/frames.ts';
import { HeaderBlocks } from '../../daemon/node-server/spdy/header-blocks.ts';

/** One stream, with what came on it so far. */
export interface ClientStream {
  readonly id: number;
  readonly received: Buffer[];
  text(): string;
  /** Resolves when the server has ended its direction; rejects where it reset the stream or the connection broke. */
  readonly ended: Promise<void>;
  send(data: Uint8Array | string): Promise<void>;
  end(): void;
  reset(): void;
}

interface OpenStream extends ClientStream {
  settle(error?: Error): void;
}

export class SpdyClient {
  /** What came that belongs to no stream. */
  readonly frames: Frame[] = [];
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #headers = new HeaderBlocks();
  readonly #streams = new Map<number, OpenStream>();
  #nextId = 1;
  #opening = Promise.resolve();

  constructor(transport: Duplex) {
    this.#transport = transport;
    transport.on('error', () => {});
    this.closed = new Promise((resolve) => transport.once('close', resolve));
    void this.#read();
  }

  async open(headers: Record<string, string>): Promise<ClientStream> {
    const id = this.#nextId;
    this.#nextId += 2;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // looked at by those who wait for it
    const stream: OpenStream = {
      id,
      received: [],
      text: () => Buffer.concat(stream.received).toString(),
      ended: promise,
      settle: (error) => (error === undefined ? resolve() : reject(error)),
      send: (data) => this.#send({ type: 'data', streamId: id, fin: false, data: Buffer.from(data) }),
      end: () => void this.#send({ type: 'data', streamId: id, fin: true, data: Buffer.alloc(0) }),
      reset: () => void this.#send({ type: 'rst-stream', streamId: id, status: 5 }),
    };
    this.#streams.set(id, stream);
    // One after the other: each block builds on the one before.
    this.#opening = this.#opening.then(async () => {
      const block = await this.#headers.compress(new Map(Object.entries(headers)));
      await this.#send({ type: 'syn-stream', streamId: id, fin: false, block });
    });
    await this.#opening;
    return stream;
  }

  ping(id: number): void {
    void this.#send({ type: 'ping', id });
  }

  /** Gone, as a client that was killed is. */
  destroy(): void {
    this.#transport.destroy();
  }

  #send(frame: Exclude<Frame, { type: 'ignored' }>): Promise<void> {
    return new Promise((resolve) => {
      this.#transport.write(encodeFrame(frame), () => resolve());
    });
  }

  async #read(): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const bytes of this.#transport) for (const frame of reader.read(bytes)) await this.#take(frame);
    } catch {
      // Told to the streams.
    }
    for (const stream of this.#streams.values()) stream.settle(new Error('the connection was closed'));
  }

  async #take(frame: Frame): Promise<void> {
    const stream = 'streamId' in frame ? this.#streams.get(frame.streamId) : undefined;
    if (frame.type === 'syn-reply') await this.#headers.decompress(frame.block);
    else if (frame.type === 'data' && stream) {
      stream.received.push(frame.data);
      if (frame.fin) stream.settle();
    } else if (frame.type === 'rst-stream') stream?.settle(new Error(`reset: ${frame.status}`));
    else this.frames.push(frame);
  }
}

export interface UpgradeTo {
  readonly path: string;
  readonly protocols: readonly string[];
  /** Where the API listens. */
  readonly at: { readonly socketPath: string } | { readonly host: string; readonly port: number };
}

/** The SPDY connection and the protocol that the server chose; rejects with the answer's body where it refuses. */
export function upgradeToSpdy({ path, protocols, at }: UpgradeTo): Promise<{ client: SpdyClient; protocol: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      ...(protocols.length > 0 && { 'x-stream-protocol-version': [...protocols] }),
    };
    const outgoing = request({ ...at, path, method: 'POST', headers, agent: false });
    outgoing.once('upgrade', (response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      const protocol = String(response.headers['x-stream-protocol-version'] ?? '');
      resolve({ client: new SpdyClient(socket), protocol });
    });
    outgoing.once('response', async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      reject(new Error(`${response.statusCode}: ${body}`));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
