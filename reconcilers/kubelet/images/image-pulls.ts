/**
 * Pulls in the background, so that a slow registry holds up no other pod. Begun by the executor of `pull-image`; the outcome goes
 * to the pod's memory, the pod back to the queue. Joining pulls of one image is the runtime's work.
 */
import type { ReadOnlyCache } from '../../kit/object-cache.ts';
import { fullName } from '../../objects/image-reference.ts';
import { formatKey, keyOf, type ObjectKey } from '../../objects/meta.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerRuntime, PulledImage, PullProgress } from '../../ports/container-runtime.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../../ports/errors.ts';
import type { ImageLedger } from '../../ports/image-ledger.ts';
import type { Log } from '../../ports/log.ts';
import type { NodeLogins } from '../../ports/node-logins.ts';
import type { GiveUpPulls, PullImage, StatusEvent } from '../actions.ts';
import type { ContainerView } from '../container-view.ts';
import type { PodIdentity } from '../identity.ts';
import type { PullUnderWay } from '../observation.ts';
import type { PodMemory } from '../pod-memory.ts';
import { formatDuration } from '../restart-delay.ts';
import type { Wakeups } from '../wakeups.ts';
import { type PullCredentials, pullCredentials, pullSecretsVersion } from './pull-credentials.ts';

/** Told to whoever shows pulls to people; `state` ends with `pulled` or `failed`. */
export interface PullReport {
  readonly pod: ObjectKey;
  readonly image: string;
  readonly state: 'pulling' | 'pulled' | 'failed';
  readonly progress?: PullProgress;
}

export type PullObserver = (report: PullReport) => void;

export interface ImagePullsDeps {
  readonly cache: ReadOnlyCache;
  readonly runtime: ContainerRuntime;
  readonly ledger: ImageLedger;
  readonly logins: NodeLogins;
  readonly view: ContainerView;
  readonly memory: PodMemory;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: PullObserver;
}

type Announce = (event: StatusEvent) => void;

interface UnderWay extends PullUnderWay {
  readonly pod: ObjectKey;
  readonly controller: AbortController;
}

export class ImagePulls {
  readonly #deps: ImagePullsDeps;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(deps: ImagePullsDeps) {
    this.#deps = deps;
  }

  /** For pods of this name, whatever their uid. */
  underWay(key: ObjectKey): PullUnderWay[] {
    const own = [...this.#underWay.values()].filter(({ pod }) => formatKey(pod) === formatKey(key));
    return own.map(({ podUid, image }) => ({ podUid, image }));
  }

  /** `announce` records an event about the pod. Never throws; the pull goes on after it returns. */
  begin(action: PullImage, announce: Announce): void {
    const { memory, observer } = this.#deps;
    const { pod, image } = action;
    const controller = new AbortController();
    this.#underWay.set(idOf(pod.uid, image), { pod, podUid: pod.uid, image, controller });
    memory.pulling(pod, image);
    observer({ pod: keyOf({ metadata: pod }), image, state: 'pulling' });
    announce({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` });
    void this.#pull(action, controller.signal, announce);
  }

  giveUp({ pulls }: GiveUpPulls): void {
    for (const { podUid, image } of pulls) {
      this.#underWay.get(idOf(podUid, image))?.controller.abort();
      this.#underWay.delete(idOf(podUid, image));
    }
  }

  async #pull({ pod, image, onFailure }: PullImage, givenUp: AbortSignal, announce: Announce): Promise<void> {
    const { cache, view, memory, wakeups, clock, observer } = this.#deps;
    const report = { pod: keyOf({ metadata: pod }), image };
    const startedAt = clock.now();
    const declared = cache.get('Pod', report.pod);
    const secrets = declared && pullSecretsVersion(declared, cache);
    try {
      const signal = AbortSignal.any([wakeups.signal, givenUp]);
      const pulled = await this.#pullWith(await this.#credentials(pod, image, announce), report, signal);
      await this.#note(pulled, image);
      view.forgetImage(image);
      memory.pulled(pod, image, clock.now());
      observer({ ...report, state: 'pulled' });
      const took = formatDuration(clock.now() - startedAt);
      const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.sizeBytes} bytes.`;
      announce({ type: 'Normal', reason: 'Pulled', message });
    } catch (error) {
      if (isAbort(error) && wakeups.signal.aborted) return;
      observer({ ...report, state: 'failed' });
      if (isAbort(error) && givenUp.aborted) {
        // Unless it is wanted again by now, and another one has begun.
        if (!this.#underWay.has(idOf(pod.uid, image))) memory.pullGivenUp(pod, image);
      } else {
        if (isSampanError(error, 'RuntimeUnavailable')) view.lost(error);
        const message = causeOf(error);
        memory.pullFailed(pod, image, { at: clock.now(), message, ...(secrets !== undefined && { secrets }) });
        const text = `Failed to pull image "${image}": ${message}`;
        const rest = onFailure === 'use-local' ? '; using the image of that name that is present' : '';
        announce({ type: 'Warning', reason: 'Failed', message: `${text}${rest}` });
        if (onFailure === 'back-off') announce({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' });
      }
    } finally {
      if (!givenUp.aborted) this.#underWay.delete(idOf(pod.uid, image));
    }
    wakeups.pod(report.pod);
  }

  async #credentials(identity: PodIdentity, image: string, announce: Announce): Promise<PullCredentials> {
    const pod = this.#deps.cache.get('Pod', keyOf({ metadata: identity }));
    const credentials = await pullCredentials(pod, image, this.#deps);
    if (credentials.missing.length > 0) {
      const names = credentials.missing.join(', ');
      const message = `Unable to retrieve some image pull secrets (${names}); attempting to pull the image may not succeed.`;
      announce({ type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message });
    }
    return credentials;
  }

  /** One after the other, until one is good. */
  async #pullWith(
    { candidates, problem }: PullCredentials,
    report: Pick<PullReport, 'pod' | 'image'>,
    signal: AbortSignal,
  ): Promise<PulledImage> {
    const { runtime, observer } = this.#deps;
    const { image } = report;
    if (problem !== undefined) throw new SampanError('ImagePullFailed', { image, detail: problem });
    const onProgress = (progress: PullProgress) => observer({ ...report, state: 'pulling', progress });
    const failures = new Set<string>();
    for (const credentials of candidates.length === 0 ? [undefined] : candidates) {
      try {
        return await runtime.pull(image, onProgress, signal, credentials);
      } catch (error) {
        if (!isSampanError(error, 'ImagePullFailed')) throw error;
        failures.add(causeOf(error));
      }
    }
    throw new SampanError('ImagePullFailed', { image, detail: [...failures].join('; ') });
  }

  /** What is new here came by us, and may go again. */
  async #note({ id, isNew }: PulledImage, image: string): Promise<void> {
    const { ledger, clock } = this.#deps;
    await ledger.update(id, (known) => {
      if (known === undefined && !isNew) return undefined;
      return { id, names: [...new Set([...(known?.names ?? []), fullName(image)])], pulledAt: clock.now() };
    });
  }
}

function idOf(podUid: string, image: string): string {
  return `${podUid} ${image}`;
}

/** What Docker said, without the part that names the image again. */
function causeOf(error: unknown): string {
  const detail = isSampanError(error, 'ImagePullFailed') ? error.details.detail : undefined;
  return typeof detail === 'string' ? detail : messageOf(error);
}
