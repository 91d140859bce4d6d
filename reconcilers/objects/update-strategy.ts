/**
 * How a ReplicationController brings a changed template to its pods: read from its annotations, with a Deployment's defaults.
 * The replication loop follows it; validation asks it whether the annotations can be read. Pure.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
import { type FieldError, invalid, unsupported } from './field-error.ts';
import { element } from './field-path.ts';
import type { ReplicationController } from './replication-controller.ts';
import {
  ANNOTATION_MAX_SURGE,
  ANNOTATION_MAX_UNAVAILABLE,
  ANNOTATION_SOURCE,
  ANNOTATION_UPDATE_STRATEGY,
} from './source.ts';

/** Counts of pods: so many more, or fewer, than `spec.replicas` there may be during a rollout; never both 0. */
export interface RollingUpdate {
  readonly type: 'RollingUpdate';
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** `OnDelete`: a pod gets the new template only when something else removed its predecessor (Kubernetes' own behaviour). */
export type UpdateStrategy = RollingUpdate | { readonly type: 'OnDelete' };

const TYPES = ['RollingUpdate', 'OnDelete'];
const DEFAULT_SHARE = '25%';
const AMOUNT = /^(\d{1,9})(%?)$/;
const AMOUNT_DETAIL = 'must be a whole number of pods or a percentage (2, 25%)';

/**
 * The strategy in force: the annotated one; else `RollingUpdate` for objects that came from a source, `OnDelete` for others. A
 * share of surge rounds up, one of unavailability down, as a Deployment's; where both come out as 0, one pod may be missing.
 */
export function updateStrategyOf(controller: ReplicationController): UpdateStrategy {
  const annotations = controller.metadata.annotations ?? {};
  const fallback = annotations[ANNOTATION_SOURCE] === undefined ? 'OnDelete' : 'RollingUpdate';
  if ((annotations[ANNOTATION_UPDATE_STRATEGY] ?? fallback) !== 'RollingUpdate') return { type: 'OnDelete' };

  const { replicas } = controller.spec;
  const maxSurge = amountOf(annotations[ANNOTATION_MAX_SURGE], replicas, Math.ceil);
  const maxUnavailable = Math.min(replicas, amountOf(annotations[ANNOTATION_MAX_UNAVAILABLE], replicas, Math.floor));
  return { type: 'RollingUpdate', maxSurge, maxUnavailable: maxSurge + maxUnavailable === 0 ? 1 : maxUnavailable };
}

/** What of the annotations cannot be read, as errors of `metadata.annotations[...]`. */
export function validateUpdateStrategy(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  const type = annotations[ANNOTATION_UPDATE_STRATEGY];
  if (type !== undefined && !TYPES.includes(type))
    errors.push(unsupported(path(ANNOTATION_UPDATE_STRATEGY), type, TYPES));
  for (const name of [ANNOTATION_MAX_SURGE, ANNOTATION_MAX_UNAVAILABLE]) {
    const amount = annotations[name];
    if (amount !== undefined && !AMOUNT.test(amount)) errors.push(invalid(path(name), amount, AMOUNT_DETAIL));
  }
  return errors;
}

function amountOf(text: string | undefined, replicas: number, round: (share: number) => number): number {
  const [, digits, percent] = AMOUNT.exec(text ?? DEFAULT_SHARE) ?? AMOUNT.exec(DEFAULT_SHARE) ?? [];
  return percent === '%' ? round((Number(digits) * replicas) / 100) : Number(digits);
}

function path(annotation: string): string {
  return element('metadata.annotations', annotation);
}
