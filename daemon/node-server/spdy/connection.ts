/**
 * The server's side of a SPDY/3.1 connection: streams that the client opens, over a socket or over a WebSocket's messages. exec, attach
 * and port-forward run on it. Whatever comes in, it never throws: what is no SPDY ends the connection.
 */
import type { Duplex } from 'node:stream';
import { encodeFrame, type Frame, FrameReader, GOAWAY, RST, SpdyError } from './frames.ts';
import { HeaderBlocks } from './header-blocks.ts';
import { SpdyStream } from './spdy-stream.ts';

/** Two a forwarded connection: more than a browser opens. */
const MAX_STREAMS = 1_000;
/** How long the client may take to read on, and then to hang up, after our goodbye. */
const GOODBYE_MS = 5_000;

export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #goodbyeMs: number;
  readonly #reader = new FrameReader();
  readonly #headers = new HeaderBlocks();
  readonly #streams = new Map<number, SpdyStream>();
  #lastStreamId = 0;
  #pings = 0;
  #leaving = false;
  /** Resolves when the transport is gone and with it every stream. */
  readonly closed: Promise<void>;

  /** Reads at once. `onStream`: for each stream that the client opens, in order. */
  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void, goodbyeMs = GOODBYE_MS) {
    this.#transport = transport;
    this.#onStream = onStream;
    this.#goodbyeMs = goodbyeMs;
    transport.on('error', () => {}); // its closing says as much
    this.closed = new Promise((resolve) => {
      transport.once('close', () => {
        this.#headers.close();
        for (const stream of this.#streams.values()) stream.receiveReset(new Error('the connection was closed'));
        this.#streams.clear();
        resolve();
      });
    });
    void this.#run();
  }

  /** Says goodbye; the transport closes when all that was written is through and the client has hung up, or soon after. */
  close(): void {
    this.#leave(GOAWAY.OK);
  }

  /** Gone at once, for a server that stops. */
  destroy(): void {
    this.#transport.destroy();
  }

  /** A sign of life: on a connection that is no longer there, its write is what finds out. */
  ping(): void {
    this.#pings += 2; // a server's are even
    this.#send({ type: 'ping', id: this.#pings });
  }

  async #run(): Promise<void> {
    try {
      for await (const bytes of this.#transport.iterator({ destroyOnReturn: false })) {
        for (const frame of this.#reader.read(bytes as Buffer)) await this.#receive(frame);
        if (this.#transport.destroyed) return;
      }
      this.#transport.destroy(); // the client has hung up: nobody hears a goodbye
    } catch (error) {
      if (!(error instanceof SpdyError)) return void this.#transport.destroy();
      this.#leave(GOAWAY.PROTOCOL_ERROR);
      this.#transport.resume(); // what still comes is dropped, up to its end
    }
  }

  async #receive(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'data':
        return this.#receiveData(frame);
      case 'syn-stream':
        return this.#open(frame);
      case 'headers': {
        // Read all the same: the next block builds on this one.
        await this.#headers.decompress(frame.block);
        if (frame.fin) this.#streams.get(frame.streamId)?.receiveEnd();
        return;
      }
      case 'rst-stream':
        return this.#streams
          .get(frame.streamId)
          ?.receiveReset(new Error(`the client reset the stream (${frame.status})`));
      case 'ping':
        if (frame.id % 2 === 1) this.#send(frame);
        return;
      case 'syn-reply':
        throw new SpdyError('a reply to a stream that was never opened');
      case 'goaway': // it opens no more streams; those there are go on until it hangs up
      case 'ignored':
        return;
    }
  }

  async #receiveData({ streamId, data, fin }: Extract<Frame, { type: 'data' }>): Promise<void> {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // What was on its way when the stream was closed here is dropped.
      if (streamId === 0 || streamId > this.#lastStreamId)
        throw new SpdyError(`data for stream ${streamId}, never opened`);
      return;
    }
    await stream.receive(data);
    if (fin) stream.receiveEnd();
  }

  async #open({ streamId, block, fin }: Extract<Frame, { type: 'syn-stream' }>): Promise<void> {
    const headers = await this.#headers.decompress(block);
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) {
      throw new SpdyError(`stream ${streamId} after ${this.#lastStreamId}: a client's are odd and rise`);
    }
    this.#lastStreamId = streamId;
    if (this.#leaving || this.#streams.size >= MAX_STREAMS) {
      return this.#send({ type: 'rst-stream', streamId, status: RST.REFUSED_STREAM });
    }
    const stream = new SpdyStream(streamId, headers, {
      send: (data, last, done) => this.#send({ type: 'data', streamId, fin: last, data }, done),
      reset: () => this.#send({ type: 'rst-stream', streamId, status: RST.CANCEL }),
    });
    this.#streams.set(streamId, stream);
    stream.once('close', () => this.#streams.delete(streamId));
    const reply = await this.#headers.compress(new Map());
    this.#send({ type: 'syn-reply', streamId, fin: false, block: reply });
    if (fin) stream.receiveEnd();
    this.#onStream(stream);
  }

  #send(frame: Exclude<Frame, { type: 'ignored' }>, done: (error?: Error | null) => void = () => {}): void {
    if (this.#transport.writable) this.#transport.write(encodeFrame(frame), done);
    else done(new Error('the connection was closed'));
  }

  #leave(status: number): void {
    if (this.#leaving || this.#transport.destroyed) return;
    this.#leaving = true;
    this.#send({ type: 'goaway', lastStreamId: this.#lastStreamId, status });
    this.#transport.end();
    this.#hangUpSoon();
  }

  /** Not while the client still reads: on a busy machine the last of a long output may take its time. */
  #hangUpSoon(): void {
    const left = this.#transport.writableLength;
    const look = () => {
      if (this.#transport.writableLength < left) this.#hangUpSoon();
      else this.#transport.destroy();
    };
    // After what the sockets have brought: a process that stood still has heard nothing, and it is not the client's fault.
    const timer = setTimeout(() => setImmediate(look), this.#goodbyeMs);
    void this.closed.then(() => clearTimeout(timer));
  }
}
