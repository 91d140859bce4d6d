/**
 * Kubernetes' channels over one WebSocket: a message's first byte says which stream the rest belongs to, or, in the base64
 * protocols, the first digit. exec, attach and the old port-forward talk through it.
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/httpstream/wsstream/conn.go
 */
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';

export interface ChannelMessage {
  readonly channel: number;
  readonly data: Buffer;
}

export const CLOSE_NORMAL = 1000;

export class Channels {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #base64: boolean;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;

  constructor(socket: WebSocket, encoding: 'binary' | 'base64') {
    this.#socket = socket;
    this.#base64 = encoding === 'base64';
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#stream = createWebSocketStream(socket, { readableObjectMode: true });
    this.#stream.on('error', () => {}); // the socket closes
  }

  /** For one reader, no faster than it reads. Ends with the connection, however it ended. */
  async *messages(): AsyncGenerator<ChannelMessage> {
    try {
      for await (const message of this.#stream.iterator({ destroyOnReturn: false })) {
        const decoded = this.#decode(message as Buffer | string);
        if (decoded !== undefined) yield decoded;
      }
    } catch {
      // A connection that broke ends as one that was closed.
    }
  }

  /** Resolves when there is room for more. */
  send(channel: number, data: Uint8Array): Promise<void> {
    const message = this.#base64
      ? `${channel}${Buffer.from(data).toString('base64')}`
      : Buffer.concat([Buffer.of(channel), data]);
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(message, () => resolve());
      else resolve();
    });
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  close(): void {
    this.#socket.close(CLOSE_NORMAL);
  }

  /** Gone at once. */
  destroy(): void {
    this.#socket.terminate();
  }

  /** Undefined for an empty message, which says nothing. */
  #decode(message: Buffer | string): ChannelMessage | undefined {
    if (message.length === 0) return undefined;
    if (this.#base64) {
      const text = message.toString();
      return { channel: Number(text[0]), data: Buffer.from(text.slice(1), 'base64') };
    }
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    return { channel: bytes[0] as number, data: bytes.subarray(1) };
  }
}
