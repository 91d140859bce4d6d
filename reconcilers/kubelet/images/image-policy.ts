/**
 * Whether a container's image is ready, must be pulled, or cannot be had: imagePullPolicy with the dev box's rule where none is
 * declared (docs/decisions/0006-image-pull-policy.md). Pure; the plan asks per container that must start.
 */
import { type ImageReference, parseImageReference } from '../../objects/image-reference.ts';
import type { Container } from '../../objects/pod.ts';
import type { PullFacts } from '../observation.ts';
import { retryDelayMs } from '../restart-delay.ts';

/** How long a failed attempt's own reason is shown before the back-off's. */
export const SHOW_ERROR_MS = 2_000;

export type ImageVerdict =
  | { readonly kind: 'ready'; readonly pulled: boolean }
  | { readonly kind: 'pull'; readonly onFailure: 'back-off' | 'use-local' }
  | { readonly kind: 'pulling' }
  | {
      readonly kind: 'unavailable';
      readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName';
      readonly message: string;
      /** When something changes by itself. */
      readonly changesAt?: number;
    };

export interface ImageQuestion {
  readonly container: Pick<Container, 'image' | 'imagePullPolicy'>;
  readonly present: boolean;
  readonly pulls: PullFacts | undefined;
  /** What the pull secrets are by now; a failure with others delays nothing. */
  readonly secrets?: string | undefined;
  /** When the container that this start follows ended; undefined for the pod's first. */
  readonly previousEndedAt: number | undefined;
}

type Rule = 'Always' | 'IfNotPresent' | 'Never' | 'TryOnce';

export function imageVerdict(question: ImageQuestion, now: number): ImageVerdict {
  const { image } = question.container;
  const reference = parseImageReference(image);
  if ('problem' in reference) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${reference.problem}`;
    return { kind: 'unavailable', reason: 'InvalidImageName', message };
  }
  const rule = ruleFor(question.container, reference);
  if (isReady(rule, question)) {
    const pulledAt = question.pulls?.pulledAt;
    return { kind: 'ready', pulled: pulledAt !== undefined && pulledAt >= (question.previousEndedAt ?? 0) };
  }
  if (rule === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    return { kind: 'unavailable', reason: 'ErrImageNeverPull', message };
  }
  return pullVerdict(question, rule, now);
}

function pullVerdict({ container, present, pulls, secrets }: ImageQuestion, rule: Rule, now: number): ImageVerdict {
  if (pulls?.pulling) return { kind: 'pulling' };
  const failure = pulls?.failure;
  if (failure !== undefined && failure.secrets === secrets) {
    const retryAt = failure.at + retryDelayMs(failure.count);
    const flipAt = failure.at + SHOW_ERROR_MS;
    if (now < flipAt) {
      return { kind: 'unavailable', reason: 'ErrImagePull', message: failure.message, changesAt: flipAt };
    }
    if (now < retryAt) {
      const message = `${backOffMessage(container.image)}: ErrImagePull: ${failure.message}`;
      return { kind: 'unavailable', reason: 'ImagePullBackOff', message, changesAt: retryAt };
    }
  }
  return { kind: 'pull', onFailure: rule === 'TryOnce' && present ? 'use-local' : 'back-off' };
}

/** Of the event; a container's status adds why. */
export function backOffMessage(image: string): string {
  return `Back-off pulling image "${image}"`;
}

function isReady(rule: Rule, { present, pulls, previousEndedAt }: ImageQuestion): boolean {
  if (!present) return false;
  const since = previousEndedAt ?? 0;
  if (rule === 'Always') return (pulls?.pulledAt ?? -1) >= since;
  // Tried once per pod: a restart takes what is there and does not wait for a registry.
  if (rule === 'TryOnce')
    return previousEndedAt !== undefined || pulls?.pulledAt !== undefined || pulls?.failure !== undefined;
  return true;
}

function ruleFor({ imagePullPolicy }: ImageQuestion['container'], { tag, digest }: ImageReference): Rule {
  if (imagePullPolicy !== undefined) return imagePullPolicy;
  return tag === 'latest' && digest === undefined ? 'TryOnce' : 'IfNotPresent';
}
