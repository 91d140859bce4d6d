/** A client of Kubernetes' channels over a WebSocket, for tests of the server's side. */
import { WebSocket } from 'ws';

export interface ChannelClientOptions {
  /** `ws://HOST:PORT/...` or `ws+unix:SOCKET:/...`. */
  readonly url: string;
  readonly protocols: readonly string[];
}

export class ChannelClient {
  readonly protocol: string;
  /** Resolves to the code of the close. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #received = new Map<number, Buffer[]>();

  constructor(socket: WebSocket, early: { data: Buffer; isBinary: boolean }[]) {
    this.#socket = socket;
    this.protocol = socket.protocol;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    for (const { data, isBinary } of early) this.#take(data, isBinary);
    socket.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary));
  }

  bytes(channel: number): Buffer {
    return Buffer.concat(this.#received.get(channel) ?? []);
  }

  text(channel: number): string {
    return this.bytes(channel).toString();
  }

  /** Resolves when it has left, so that a test's sending is no faster than the server's reading. */
  send(channel: number, data: Uint8Array | string): Promise<void> {
    const message = this.#isBase64
      ? `${channel}${Buffer.from(data).toString('base64')}`
      : Buffer.concat([Buffer.of(channel), Buffer.from(data)]);
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Gone, as a client that was killed is. */
  destroy(): void {
    this.#socket.terminate();
  }

  get #isBase64(): boolean {
    return this.protocol.includes('base64');
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary === this.#isBase64) throw new Error('a message of the wrong kind');
    const channel = isBinary ? (data[0] as number) : Number(String.fromCharCode(data[0] as number));
    const payload = isBinary ? data.subarray(1) : Buffer.from(data.subarray(1).toString(), 'base64');
    const parts = this.#received.get(channel) ?? [];
    parts.push(payload);
    this.#received.set(channel, parts);
  }
}

/** Rejects with the status and the body where the server refuses. */
export function connectChannels({ url, protocols }: ChannelClientOptions): Promise<ChannelClient> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols]);
    const early: { data: Buffer; isBinary: boolean }[] = [];
    const keep = (data: unknown, isBinary: boolean) => early.push({ data: data as Buffer, isBinary });
    socket.on('message', keep);
    socket.once('open', () => {
      socket.off('message', keep);
      resolve(new ChannelClient(socket, early));
    });
    socket.once('unexpected-response', async (_, response) => {
      reject(new Error(`${response.statusCode}: ${Buffer.concat(await response.toArray()).toString()}`));
    });
    socket.once('error', reject);
  });
}
