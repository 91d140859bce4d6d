/** Adds up what Docker says of a pull, layer by layer, into one progress. Pure but for what it has heard; a pull owns one. */
import type { PullProgress } from '../../../reconcilers/ports/container-runtime.ts';

/** One line of the answer to `POST /images/create`. */
export interface PullLine {
  /** The layer; absent (or the tag) in lines about the whole. */
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** From then on the whole layer is here. */
const DOWNLOADED = new Set(['Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete']);

export class PullSum {
  readonly #layers = new Map<string, { current: number; total: number }>();
  #status = '';

  get started(): boolean {
    return this.#status !== '';
  }

  /** Only the download counts: extracting reports the same bytes again. */
  get progress(): PullProgress {
    let [current, total] = [0, 0];
    for (const layer of this.#layers.values()) {
      current += layer.current;
      total += layer.total;
    }
    return { current, total, status: this.#status };
  }

  add({ id, status, progressDetail }: PullLine): void {
    this.#status = status ?? this.#status;
    if (id === undefined) return;
    const before = this.#layers.get(id);
    const total = progressDetail?.total ?? before?.total;
    if (total === undefined) return;
    const whole = status !== undefined && DOWNLOADED.has(status);
    const current = whole ? total : (progressDetail?.current ?? before?.current ?? 0);
    this.#layers.set(id, { current, total });
  }
}
