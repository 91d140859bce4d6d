/** A watch over raw HTTP: its events one by one, as a client sees them come, and what the stream as a whole looks like. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

export interface Seen {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into any object, and a wrong guess fails them
  readonly object: any;
}

export class Watching {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #response: IncomingMessage;
  readonly #events: AsyncIterator<string>;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.#events = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  /** Resolves with the headers, which come before there is any event. */
  static async open(socketPath: string, path: string, headers: Record<string, string> = {}): Promise<Watching> {
    const asked = request({ socketPath, path, headers, agent: false });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new Watching(response);
  }

  /** Waits for the next event; fails where the stream ends instead. */
  async next(): Promise<Seen> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error('the watch has ended');
    return JSON.parse(value) as Seen;
  }

  /** `ADDED a`: type and name of the next `count` events. */
  async names(count: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < count) {
      const { type, object } = await this.next();
      names.push(`${type} ${object.metadata.name}`);
    }
    return names;
  }

  /** Everything until the server ends the stream. */
  async rest(): Promise<Seen[]> {
    const events: Seen[] = [];
    for (let next = await this.#events.next(); !next.done; next = await this.#events.next()) {
      events.push(JSON.parse(next.value) as Seen);
    }
    return events;
  }

  close(): void {
    this.#response.destroy();
  }
}
