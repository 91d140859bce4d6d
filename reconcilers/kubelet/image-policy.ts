/**
 * Whether a container's image is ready, must be pulled, or cannot be had: imagePullPolicy with the dev box's rule where none is
 * declared (docs/decisions/0006-image-pull-policy.md). Pure; the plan asks per container that must start.
 */
import type { Container } from '../objects/pod.ts';
import type { PullFacts } from './observation.ts';
import { retryDelayMs } from './restart-delay.ts';

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
  /** When the container that this start follows ended; undefined for the pod's first. */
  readonly previousEndedAt: number | undefined;
}

type Rule = 'Always' | 'IfNotPresent' | 'Never' | 'TryOnce';

export function imageVerdict(question: ImageQuestion, now: number): ImageVerdict {
  const { image } = question.container;
  if (!isReference(image)) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image reference "${image}": invalid reference format`;
    return { kind: 'unavailable', reason: 'InvalidImageName', message };
  }
  const rule = ruleFor(question.container);
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

function pullVerdict({ container, present, pulls }: ImageQuestion, rule: Rule, now: number): ImageVerdict {
  if (pulls?.pulling) return { kind: 'pulling' };
  const failure = pulls?.failure;
  if (failure !== undefined) {
    const retryAt = failure.at + retryDelayMs(failure.count);
    const flipAt = failure.at + SHOW_ERROR_MS;
    if (now < flipAt) {
      return { kind: 'unavailable', reason: 'ErrImagePull', message: failure.message, changesAt: flipAt };
    }
    if (now < retryAt) {
      const message = `Back-off pulling image "${container.image}"`;
      return { kind: 'unavailable', reason: 'ImagePullBackOff', message, changesAt: retryAt };
    }
  }
  return { kind: 'pull', onFailure: rule === 'TryOnce' && present ? 'use-local' : 'back-off' };
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

function ruleFor({ image, imagePullPolicy }: ImageQuestion['container']): Rule {
  if (imagePullPolicy !== undefined) return imagePullPolicy;
  return tagOf(image) === 'latest' ? 'TryOnce' : 'IfNotPresent';
}

/** The tag as written; undefined where there is none, or a digest says it all. */
function tagOf(image: string): string | undefined {
  if (image.includes('@')) return undefined;
  const last = image.slice(image.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  return colon < 0 ? undefined : last.slice(colon + 1);
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\\d+)?|\\[[0-9a-fA-F:]+\\](?::\\d+)?)';
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*(?::[\\w][\\w.-]{0,127})?(?:@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?$`,
);

/** The grammar of https://github.com/distribution/reference. */
function isReference(image: string): boolean {
  return image.length <= 500 && REFERENCE.test(image);
}
