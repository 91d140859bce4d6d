/**
 * One node's stream: a watch of many kinds at once, as lines. Changes of one revision come together, and a BOOKMARK behind them says
 * which: up to there the node knows all that it may see. One that does not read is let go before it costs much memory.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import { encodedEvent } from '../encoded.ts';
import type { NodeView } from './node-view.ts';

/** What may wait for a node that reads slowly. */
const WAITING_BYTES = 64 * 1024 * 1024;
const PART_BYTES = 64 * 1024;

export class OpenFeed {
  readonly node: string;
  readonly #view: NodeView;
  readonly #revision: () => number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isMarkDue = true;
  #ended: Error | undefined;
  #wake = Promise.withResolvers<void>();

  /** Begins with everything that the node sees now. `revision`: the cache's. */
  constructor(node: string, view: NodeView, revision: () => number) {
    this.node = node;
    this.#view = view;
    this.#revision = revision;
    for (const object of view.begin()) this.#push(encodedEvent('ADDED', object));
  }

  /** Takes what has just changed, all of one revision. */
  take(changes: readonly ObjectChange[]): void {
    if (this.#ended !== undefined) return;
    for (const { type, object } of this.#view.after(changes)) this.#push(encodedEvent(type, object));
    if (this.#waitingBytes > WAITING_BYTES) {
      const detail = `node ${this.node} does not read its feed; it begins anew with everything`;
      this.end(new SampanError('ServiceUnavailable', { detail }));
    }
    this.mark();
  }

  /** Tells the node how far it is, although nothing may have happened. */
  mark(): void {
    this.#isMarkDue = true;
    this.#wake.resolve();
  }

  /** What it has read is not continued. */
  end(why: Error): void {
    this.#ended = why;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#wake.resolve();
  }

  /** Parts of whole lines, until `signal` aborts; throws what ended it. */
  async *parts(signal: AbortSignal): AsyncGenerator<Buffer> {
    const wake = () => this.#wake.resolve();
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#isMarkDue) {
        yield* this.#takeParts();
        continue;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
      // What else has come by now goes out with it.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  *#takeParts(): Generator<Buffer> {
    const lines = [...this.#waiting, bookmark(this.#revision())];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isMarkDue = false;
    for (let first = 0; first < lines.length; ) {
      let bytes = 0;
      let end = first;
      while (end < lines.length && bytes < PART_BYTES) bytes += (lines[end++] as Buffer).length;
      yield Buffer.concat(lines.slice(first, end), bytes);
      first = end;
    }
  }

  #push(line: Buffer): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }
}

function bookmark(revision: number): Buffer {
  return Buffer.from(`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"${revision}"}}}\n`);
}
