/**
 * Pulls of images: all who ask for the same reference at the same time wait for one pull, and it is called off only when none is left.
 * The adapter's `pull` is its caller. Docker keeps the layers, so a pull that was called off goes on where it was.
 */

import type { ImageRecord, PullProgress } from '../../../reconcilers/ports/container-runtime.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { type DockerClient, DockerRefusal } from './docker-client.ts';
import { jsonLines } from './json-lines.ts';
import { type PullLine, PullSum } from './pull-sum.ts';

/** Until the registry has answered the engine, which has deadlines of its own. */
const FIRST_ANSWER_MS = 5 * 60_000;

type OnProgress = (progress: PullProgress) => void;

interface SharedPull {
  readonly controller: AbortController;
  readonly waiters: Set<OnProgress>;
  readonly sum: PullSum;
  readonly done: Promise<ImageRecord>;
}

export class ImagePulls {
  readonly #docker: DockerClient;
  readonly #find: (reference: string) => Promise<ImageRecord | undefined>;
  readonly #underWay = new Map<string, SharedPull>();

  /** `find` looks an image up that is there. */
  constructor(docker: DockerClient, find: (reference: string) => Promise<ImageRecord | undefined>) {
    this.#docker = docker;
    this.#find = find;
  }

  /** Throws ImagePullFailed with Docker's sentence, RuntimeUnavailable, or AbortError where `signal` aborts. */
  async pull(reference: string, onProgress: OnProgress, signal: AbortSignal): Promise<ImageRecord> {
    signal.throwIfAborted();
    const pull = this.#underWay.get(reference) ?? this.#start(reference);
    // Each waiter is an entry of its own, also where two hand in the same function.
    const waiter: OnProgress = (progress) => onProgress(progress);
    pull.waiters.add(waiter);
    if (pull.sum.started) waiter(pull.sum.progress);

    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    const abort = () => leave(new DOMException('This operation was aborted', 'AbortError'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([pull.done, left]);
    } finally {
      signal.removeEventListener('abort', abort);
      pull.waiters.delete(waiter);
      if (pull.waiters.size === 0) this.#end(reference, pull);
    }
  }

  #start(reference: string): SharedPull {
    const controller = new AbortController();
    const waiters = new Set<OnProgress>();
    const sum = new PullSum();
    const done = this.#run(reference, sum, waiters, controller.signal);
    const pull = { controller, waiters, sum, done };
    this.#underWay.set(reference, pull);
    done.then(
      () => this.#end(reference, pull),
      () => this.#end(reference, pull),
    );
    return pull;
  }

  /** Whoever asks from now on gets a new pull. */
  #end(reference: string, pull: SharedPull): void {
    if (this.#underWay.get(reference) === pull) this.#underWay.delete(reference);
    pull.controller.abort();
  }

  async #run(reference: string, sum: PullSum, waiters: Set<OnProgress>, signal: AbortSignal): Promise<ImageRecord> {
    try {
      const query = nameAndTag(reference);
      const options = { query, signal, deadlineMs: FIRST_ANSWER_MS };
      const stream = await this.#docker.open('POST', '/images/create', options);
      for await (const line of jsonLines<PullLine>(stream)) {
        if (line.error !== undefined) throw failed(reference, line.error);
        sum.add(line);
        for (const waiter of waiters) waiter(sum.progress);
      }
    } catch (error) {
      if (isSampanError(error) || isAbort(error)) throw error;
      if (error instanceof DockerRefusal) throw failed(reference, error.message, error);
      throw this.#docker.unavailable(`the pull of ${reference} broke off: ${messageOf(error)}`, error);
    }
    const image = await this.#find(reference);
    if (image === undefined) throw failed(reference, 'it was pulled, but removed again at once');
    return image;
  }
}

/** Without a tag Docker's API would pull all of them. */
export function nameAndTag(reference: string): { fromImage: string; tag: string } {
  const [, name = reference, digest] = /^([^@]+)@(.+)$/.exec(reference) ?? [];
  if (digest !== undefined) return { fromImage: name, tag: digest };
  const [, untagged = reference, tag = 'latest'] = /^(.+):([^:/]+)$/.exec(reference) ?? [];
  return { fromImage: untagged, tag };
}

function failed(image: string, sentence: string, cause?: unknown): SampanError {
  const detail = sentence.replace(/\/\/[^/\s"@]+@/g, '//'); // a user and password in an address
  return new SampanError('ImagePullFailed', { image, detail }, cause);
}
