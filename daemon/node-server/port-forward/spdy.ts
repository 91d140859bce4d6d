/**
 * port-forward over SPDY, on a socket or in the messages of a WebSocket: the client opens two streams for each connection, one for its
 * data, one for what went wrong, told apart by a request id. Many connections share one session.
 */
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import { joinDirections } from '../../serving/join-directions.ts';
import type { SpdyStream } from '../spdy/spdy-stream.ts';
import type { Forwarding } from './serve.ts';

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
}

export class SpdyForwards {
  readonly #forwarding: Forwarding;
  /** Those of which one stream is missing. */
  readonly #waiting = new Map<string, Pair>();

  constructor(forwarding: Forwarding) {
    this.#forwarding = forwarding;
  }

  /** For each stream that the client opens. One that belongs to nothing is reset. */
  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype');
    const port = portOf(stream.headers.get('port'));
    if ((type !== 'error' && type !== 'data') || port === undefined) return void stream.destroy();
    const request = requestOf(stream, type);
    const pair = this.#waiting.get(request) ?? {};
    if (pair[type] !== undefined) return void stream.destroy();
    pair[type] = stream;
    this.#waiting.set(request, pair);
    stream.once('close', () => {
      if (this.#waiting.get(request) === pair) this.#waiting.delete(request);
    });
    const { error, data } = pair;
    if (error === undefined || data === undefined) return;
    this.#waiting.delete(request);
    void this.#forward(port, error, data);
  }

  async #forward(port: number, error: SpdyStream, data: SpdyStream): Promise<void> {
    error.resume(); // the client says nothing on it, but that it is at its end
    const left = new AbortController();
    const leave = () => left.abort();
    data.once('close', leave);
    try {
      const socket = await this.#forwarding.connect(port, left.signal);
      data.off('close', leave);
      // All is well once the pod has said all; the client's direction may stay open for longer.
      socket.once('end', () => error.end());
      await joinDirections(data, socket);
      error.end();
    } catch (cause) {
      if (left.signal.aborted) return void error.destroy();
      error.end(`error forwarding port ${port} to pod ${this.#forwarding.pod}: ${messageOf(cause)}`);
      data.destroy();
    }
  }
}

/** Old clients send no id: their two streams come one after the other. */
function requestOf({ headers, id }: SpdyStream, type: 'error' | 'data'): string {
  return headers.get('requestid') ?? `stream ${type === 'error' ? id : id - 2}`;
}

export function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port >= 1 && port <= 0xff_ff ? port : undefined;
}
