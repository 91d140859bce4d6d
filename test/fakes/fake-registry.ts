/** The registry that the fake runtime pulls from: what can be pulled, what fails, how long it takes. Pulls are shared as Docker's. */
import { isDeepStrictEqual } from 'node:util';
import { type Clock, sleep } from '../../reconcilers/ports/clock.ts';
import type { PullProgress, RegistryCredentials } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { FakeImage } from './fake-container.ts';

interface FakePull {
  readonly waiters: Set<(progress: PullProgress) => void>;
  readonly controller: AbortController;
  readonly done: Promise<FakeImage>;
}

export class FakeRegistry {
  /** What can be pulled, by reference. */
  readonly images = new Map<string, FakeImage>();
  /** Docker's sentence at the pull of a reference. */
  readonly failures = new Map<string, string>();
  /** Who may pull a reference; anybody may pull what is not in here. */
  readonly accounts = new Map<string, RegistryCredentials>();
  /** The references of all pulls that were really carried out, not joined. */
  readonly pulled: string[] = [];
  /** What a pull takes, in milliseconds of the clock. */
  latencyMs = 0;

  readonly #clock: Clock;
  readonly #underWay = new Map<string, FakePull>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async pull(
    reference: string,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
    credentials?: RegistryCredentials,
  ): Promise<FakeImage> {
    signal.throwIfAborted();
    const key = JSON.stringify([reference, credentials]);
    const pull = this.#underWay.get(key) ?? this.#start(key, reference, credentials);
    const waiter = (progress: PullProgress) => onProgress(progress);
    pull.waiters.add(waiter);
    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    const abort = () => leave(new DOMException('This operation was aborted', 'AbortError'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([pull.done, left]);
    } finally {
      signal.removeEventListener('abort', abort);
      pull.waiters.delete(waiter);
      if (pull.waiters.size === 0) {
        if (this.#underWay.get(key) === pull) this.#underWay.delete(key);
        pull.controller.abort();
      }
    }
  }

  #start(key: string, reference: string, credentials: RegistryCredentials | undefined): FakePull {
    const waiters: FakePull['waiters'] = new Set();
    const controller = new AbortController();
    const pull = { waiters, controller, done: this.#run(reference, credentials, waiters, controller.signal) };
    this.#underWay.set(key, pull);
    pull.done.catch(() => {});
    return pull;
  }

  async #run(
    reference: string,
    credentials: RegistryCredentials | undefined,
    waiters: FakePull['waiters'],
    signal: AbortSignal,
  ): Promise<FakeImage> {
    this.pulled.push(reference);
    await sleep(this.#clock, this.latencyMs / 2, signal);
    const failed = (detail: string) => new SampanError('ImagePullFailed', { image: reference, detail });
    const failure = this.failures.get(reference);
    if (failure !== undefined) throw failed(failure);
    const account = this.accounts.get(reference);
    if (account !== undefined && !isDeepStrictEqual(account, credentials)) throw failed('unauthorized');
    const image = this.images.get(reference);
    if (image === undefined) throw failed(`manifest for ${reference} not found: manifest unknown`);
    const total = image.sizeBytes ?? 1000;
    for (const waiter of waiters) waiter({ current: total / 2, total, status: 'Downloading' });
    await sleep(this.#clock, this.latencyMs / 2, signal);
    for (const waiter of waiters) waiter({ current: total, total, status: 'Pull complete' });
    return image;
  }
}
