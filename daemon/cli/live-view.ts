/**
 * The picture of a rollout on a terminal, redrawn in place while something changes; log lines scroll above it. Made by `sampan run`
 * when its output is a terminal; reads the cache, writes only to the terminal.
 */
import { Writable } from 'node:stream';
import { createLogUpdate } from 'log-update';
import type { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { PullReport } from '../../reconcilers/kubelet/images/image-pulls.ts';
import type { CancelTimer, Clock } from '../../reconcilers/ports/clock.ts';
import type { PullProgress } from '../../reconcilers/ports/container-runtime.ts';
import { drawPicture, isSettled, type PictureFacts } from './picture.ts';

const REDRAW_MS = 100;

export class LiveView {
  /** Where the log writes to: its lines stay above the picture. */
  readonly logTarget: NodeJS.WritableStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #clock: Clock;
  readonly #pulls = new Map<string, PullProgress>();
  #cache: ObjectCache | undefined;
  #cancel: CancelTimer | undefined;
  #stood = false;

  constructor(terminal: NodeJS.WriteStream, clock: Clock) {
    this.#clock = clock;
    this.#update = createLogUpdate(terminal, { showCursor: true });
    this.logTarget = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#update.persist(chunk.toString().trimEnd());
        done();
      },
    });
  }

  /** Redraws from now on whenever the cache changes; answers how to stop. */
  show(cache: ObjectCache): () => void {
    this.#cache = cache;
    const unsubscribe = cache.subscribe(() => this.#soon());
    this.#soon();
    return () => {
      unsubscribe();
      this.#cancel?.();
      this.#update.done();
    };
  }

  /** Progress of a pull, or its end. */
  pulling({ image, state, progress }: PullReport): void {
    if (state === 'pulling') this.#pulls.set(image, progress ?? { current: 0, total: 0, status: 'asking' });
    else this.#pulls.delete(image);
    this.#soon();
  }

  #soon(): void {
    this.#cancel ??= this.#clock.setTimer(REDRAW_MS, () => {
      this.#cancel = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const cache = this.#cache;
    if (cache === undefined) return;
    const facts: PictureFacts = {
      sources: cache.list('Source'),
      controllers: cache.list('ReplicationController'),
      pods: cache.list('Pod'),
      pulls: this.#pulls,
      now: this.#clock.now(),
    };
    // Once all is well the picture stays as it is until something moves again: a settled daemon is silent.
    const settled = isSettled(facts);
    if (settled && this.#stood) return;
    this.#update(drawPicture(facts));
    this.#stood = settled;
  }
}
