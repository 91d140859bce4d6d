/**
 * One stream of a SPDY connection, as Node's Duplex: what the other side sent is read from it, what is written goes to the other side,
 * each direction ends by itself, and destroying it early resets it. Only the connection makes one.
 */
import { Duplex } from 'node:stream';
import type { Headers } from './header-blocks.ts';

/** What one stream holds of what its reader has not taken. Past it the connection stops reading: SPDY's own windows are not kept by
 * Kubernetes' clients. */
const BUFFERED_BYTES = 256 * 1024;

/** What a stream needs of its connection. */
export interface StreamOutlet {
  send(data: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  /** It was given up here before both sides had ended it. */
  reset(): void;
}

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #outlet: StreamOutlet;
  #roomWanted: (() => void)[] = [];
  #ended = { here: false, there: false };

  constructor(id: number, headers: Headers, outlet: StreamOutlet) {
    super({ allowHalfOpen: true, readableHighWaterMark: BUFFERED_BYTES });
    this.id = id;
    this.headers = headers;
    this.#outlet = outlet;
    // Whoever reads or writes sees the error; one that nobody looks at any more is no fault of the process.
    this.on('error', () => {});
  }

  /** Takes what came for it; resolves when there is room for more. */
  receive(data: Buffer): Promise<void> {
    if (this.destroyed || this.#ended.there || data.length === 0 || this.push(data)) return Promise.resolve();
    return new Promise((resolve) => this.#roomWanted.push(resolve));
  }

  /** The other side sends nothing more. */
  receiveEnd(): void {
    if (this.#ended.there) return;
    this.#ended.there = true;
    if (!this.destroyed) this.push(null);
  }

  /** The other side, or the connection, is done with it. */
  receiveReset(error: Error): void {
    this.#ended = { here: true, there: true };
    this.destroy(error);
  }

  override _read(): void {
    this.#tellRoom();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#outlet.send(chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ended.here = true;
    this.#outlet.send(Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#ended.here || !this.#ended.there) this.#outlet.reset();
    this.#ended = { here: true, there: true };
    this.#tellRoom();
    done(error);
  }

  #tellRoom(): void {
    for (const resolve of this.#roomWanted.splice(0)) resolve();
  }
}
