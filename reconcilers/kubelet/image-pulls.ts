/**
 * Pulls in the background, so that a slow registry holds up no other pod. Begun by the executor of `pull-image`; the outcome goes
 * to the pod's memory, the pod back to the queue. Joining pulls of one image is the runtime's work.
 */
import { keyOf, type ObjectKey } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime, PullProgress } from '../ports/container-runtime.ts';
import { isAbort, isSampanError, messageOf } from '../ports/errors.ts';
import type { PullImage, StatusEvent } from './actions.ts';
import type { ContainerView } from './container-view.ts';
import type { PodMemory } from './pod-memory.ts';
import type { Wakeups } from './wakeups.ts';

/** Told to whoever shows pulls to people; `state` ends with `pulled` or `failed`. */
export interface PullReport {
  readonly pod: ObjectKey;
  readonly image: string;
  readonly state: 'pulling' | 'pulled' | 'failed';
  readonly progress?: PullProgress;
}

export type PullObserver = (report: PullReport) => void;

export interface ImagePullsDeps {
  readonly runtime: ContainerRuntime;
  readonly view: ContainerView;
  readonly memory: PodMemory;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly observer: PullObserver;
}

export class ImagePulls {
  readonly #deps: ImagePullsDeps;

  constructor(deps: ImagePullsDeps) {
    this.#deps = deps;
  }

  /** `announce` records an event about the pod. Never throws; the pull goes on after it returns. */
  begin(action: PullImage, announce: (event: StatusEvent) => void): void {
    const { memory, observer } = this.#deps;
    memory.pulling(action.pod, action.image);
    observer({ pod: keyOf({ metadata: action.pod }), image: action.image, state: 'pulling' });
    announce({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${action.image}"` });
    void this.#pull(action, announce);
  }

  async #pull({ pod, image, onFailure }: PullImage, announce: (event: StatusEvent) => void): Promise<void> {
    const { runtime, view, memory, wakeups, clock, observer } = this.#deps;
    const report = { pod: keyOf({ metadata: pod }), image };
    const startedAt = clock.now();
    try {
      await runtime.pull(image, (progress) => observer({ ...report, state: 'pulling', progress }), wakeups.signal);
      view.forgetImage(image);
      memory.pulled(pod, image, clock.now());
      observer({ ...report, state: 'pulled' });
      const seconds = ((clock.now() - startedAt) / 1000).toFixed(3);
      announce({ type: 'Normal', reason: 'Pulled', message: `Successfully pulled image "${image}" in ${seconds}s` });
    } catch (error) {
      if (isAbort(error) && wakeups.signal.aborted) return;
      if (isSampanError(error, 'RuntimeUnavailable')) view.lost(error);
      const message = causeOf(error);
      memory.pullFailed(pod, image, message, clock.now());
      observer({ ...report, state: 'failed' });
      if (onFailure === 'use-local') {
        const text = `Failed to pull image "${image}": ${message}; using the image of that name that is present`;
        announce({ type: 'Warning', reason: 'Failed', message: text });
      }
    }
    wakeups.pod(report.pod);
  }
}

/** What Docker said, without the part that names the image again. */
function causeOf(error: unknown): string {
  const detail = isSampanError(error, 'ImagePullFailed') ? error.details.detail : undefined;
  return typeof detail === 'string' ? detail : messageOf(error);
}
