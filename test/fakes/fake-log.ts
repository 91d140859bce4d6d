/** The log of one container of the fake runtime, with those who follow it. Only the fake runtime writes and reads it. */
import type { LogChunk, LogOptions } from '../../reconcilers/ports/container-runtime.ts';
import { Channel } from './channel.ts';

interface Entry extends LogChunk {
  readonly at: number;
}

export class FakeLog {
  readonly #entries: Entry[] = [];
  readonly #followers = new Map<Channel<LogChunk>, LogOptions>();

  write(stream: LogChunk['stream'], text: string, at: number): void {
    const entry = { stream, data: Buffer.from(text), at };
    this.#entries.push(entry);
    for (const [channel, options] of this.#followers) channel.send(toChunk(entry, options));
  }

  /** What was written; with `follow`, and what comes until `end`. */
  read(options: LogOptions): Channel<LogChunk> {
    const since = this.#entries.filter(({ at }) => at >= (options.since ?? 0));
    const past = options.tail === undefined ? since : since.slice(Math.max(0, since.length - options.tail));
    const channel = new Channel<LogChunk>();
    for (const entry of past) channel.send(toChunk(entry, options));
    if (options.follow) this.#followers.set(channel, options);
    else channel.end();
    return channel;
  }

  leave(channel: Channel<LogChunk>): void {
    this.#followers.delete(channel);
  }

  /** The container ended: so do those who follow, or they get `error`, where the engine is gone. */
  end(error?: Error): void {
    for (const channel of this.#followers.keys()) {
      if (error === undefined) channel.end();
      else channel.cut(error);
    }
    this.#followers.clear();
  }
}

function toChunk({ stream, data, at }: Entry, options: LogOptions): LogChunk {
  const stamp = options.timestamps ? `${new Date(at).toISOString()} ` : '';
  return { stream, data: Buffer.concat([Buffer.from(stamp), data]) };
}
