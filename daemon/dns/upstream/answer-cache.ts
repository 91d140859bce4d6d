/** Other servers' answers, for as long as they may be repeated; of too many, those go that were not asked for the longest. No I/O. */
import type { Answer } from '../answer.ts';

const MOST_BYTES = 16 * 1024 * 1024;
/** What an entry takes beside its packet, roughly. */
const ENTRY_BYTES = 512;

interface Entry {
  readonly answer: Answer;
  readonly until: number;
  readonly bytes: number;
}

export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Times in milliseconds since the epoch. */
  get(key: string, now: number): Answer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key, entry);
    if (entry.until <= now) return undefined;
    this.#add(key, entry);
    return entry.answer;
  }

  set(key: string, answer: Answer, { until, size }: { readonly until: number; readonly size: number }): void {
    const previous = this.#entries.get(key);
    if (previous !== undefined) this.#remove(key, previous);
    this.#add(key, { answer, until, bytes: size + ENTRY_BYTES });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#remove(oldest, entry);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
