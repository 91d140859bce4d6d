/**
 * Pulls of images: all who ask for the same reference with the same credentials at the same time wait for one pull, and it is called
 * off only when none is left. The adapter's `pull` is its caller. Docker keeps the layers, so a pull that was called off goes on where
 * it was. Credentials go to the engine in a header, and nowhere else.
 */

import type { PulledImage, PullProgress, RegistryCredentials } from '../../../reconcilers/ports/container-runtime.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { type DockerClient, DockerRefusal } from './docker-client.ts';
import { findImage, listImages } from './image-store.ts';
import { jsonLines } from './json-lines.ts';
import { explainPullFailure } from './pull-failure.ts';
import { type PullLine, PullSum } from './pull-sum.ts';

/** Until the registry has answered the engine, which has deadlines of its own. */
const FIRST_ANSWER_MS = 5 * 60_000;

type OnProgress = (progress: PullProgress) => void;

interface SharedPull {
  readonly controller: AbortController;
  readonly waiters: Set<OnProgress>;
  readonly sum: PullSum;
  readonly done: Promise<PulledImage>;
}

export class ImagePulls {
  readonly #docker: DockerClient;
  /** By reference and credentials. */
  readonly #underWay = new Map<string, SharedPull>();

  constructor(docker: DockerClient) {
    this.#docker = docker;
  }

  /** Throws ImagePullFailed with Docker's sentence, RuntimeUnavailable, or AbortError where `signal` aborts. */
  async pull(
    reference: string,
    onProgress: OnProgress,
    signal: AbortSignal,
    credentials?: RegistryCredentials,
  ): Promise<PulledImage> {
    signal.throwIfAborted();
    const key = JSON.stringify([reference, credentials?.username, credentials?.password]);
    const pull = this.#underWay.get(key) ?? this.#start(key, reference, credentials);
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
      if (pull.waiters.size === 0) this.#end(key, pull);
    }
  }

  #start(key: string, reference: string, credentials: RegistryCredentials | undefined): SharedPull {
    const controller = new AbortController();
    const waiters = new Set<OnProgress>();
    const sum = new PullSum();
    const done = this.#run(reference, credentials, sum, waiters, controller.signal);
    const pull = { controller, waiters, sum, done };
    this.#underWay.set(key, pull);
    done.then(
      () => this.#end(key, pull),
      () => this.#end(key, pull),
    );
    return pull;
  }

  /** Whoever asks from now on gets a new pull. */
  #end(key: string, pull: SharedPull): void {
    if (this.#underWay.get(key) === pull) this.#underWay.delete(key);
    pull.controller.abort();
  }

  async #run(
    reference: string,
    credentials: RegistryCredentials | undefined,
    sum: PullSum,
    waiters: Set<OnProgress>,
    signal: AbortSignal,
  ): Promise<PulledImage> {
    const failed = (sentence: string, cause?: unknown) => {
      const detail = explainPullFailure(sentence, reference, credentials !== undefined);
      return new SampanError('ImagePullFailed', { image: reference, detail }, cause);
    };
    const before = new Set((await listImages(this.#docker)).map(({ id }) => id));
    try {
      const options = { query: nameAndTag(reference), signal, deadlineMs: FIRST_ANSWER_MS };
      const stream = await this.#docker.open('POST', '/images/create', {
        ...options,
        ...(credentials && { credentials }),
      });
      for await (const line of jsonLines<PullLine>(stream)) {
        if (line.error !== undefined) throw failed(line.error);
        sum.add(line);
        for (const waiter of waiters) waiter(sum.progress);
      }
    } catch (error) {
      if (isSampanError(error) || isAbort(error)) throw error;
      if (error instanceof DockerRefusal) throw failed(error.message, error);
      throw this.#docker.unavailable(`the pull of ${reference} broke off: ${messageOf(error)}`, error);
    }
    const image = await findImage(this.#docker, reference);
    if (image === undefined) throw failed('it was pulled, but removed again at once');
    return { ...image, isNew: !before.has(image.id) };
  }
}

/** Without a tag Docker's API would pull all of them. */
export function nameAndTag(reference: string): { fromImage: string; tag: string } {
  const [, name = reference, digest] = /^([^@]+)@(.+)$/.exec(reference) ?? [];
  if (digest !== undefined) return { fromImage: name, tag: digest };
  const [, untagged = reference, tag = 'latest'] = /^(.+):([^:/]+)$/.exec(reference) ?? [];
  return { fromImage: untagged, tag };
}
