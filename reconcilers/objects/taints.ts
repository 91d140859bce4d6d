/**
 * Taints keep pods away from a node, tolerations let them in all the same: types, matching, and the tolerations that every pod gets.
 * Pure. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
import { equalJson, type Json, type JsonObject } from './json.ts';
import type { Timestamp } from './meta.ts';

/** PreferNoSchedule is a wish, NoExecute drives away what runs there. */
export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export interface Taint {
  key: string;
  value?: string;
  effect: TaintEffect;
  /** Since when; on NoExecute taints the tolerated time runs from here. */
  timeAdded?: Timestamp;
}

export interface Toleration {
  /** Absent, with `Exists`: every taint. */
  key?: string;
  /** Default: Equal. */
  operator?: 'Exists' | 'Equal';
  value?: string;
  /** Absent: every effect. */
  effect?: TaintEffect;
  /** NoExecute only: how long; absent for ever. */
  tolerationSeconds?: number;
}

export const TAINT_UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
export const TAINT_NETWORK_UNAVAILABLE = 'node.kubernetes.io/network-unavailable';

const DEFAULT_SECONDS = 300;

/** What admission gives to pods that do not say it otherwise (plugin/pkg/admission/defaulttolerationseconds). */
export const DEFAULT_TOLERATIONS: readonly Toleration[] = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: DEFAULT_SECONDS,
}));

export function tolerates({ key = '', operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''));
}

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}

/**
 * How long a pod stays on a node with the NoExecute taint, in milliseconds: 0 where it does not tolerate it, Infinity where for
 * ever. Of several tolerations the shortest counts.
 */
export function toleratedMs(taint: Taint, tolerations: readonly Toleration[] = []): number {
  const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  return Math.min(
    ...matching.map(({ tolerationSeconds = Number.POSITIVE_INFINITY }) => Math.max(0, tolerationSeconds) * 1000),
  );
}

/** Adds, in place, to a pod's spec the default tolerations that it lacks. */
export function addDefaultTolerations(spec: JsonObject): void {
  const given = tolerationsOf(spec);
  const missing = DEFAULT_TOLERATIONS.filter((wanted) => !given.some((own) => speaksOf(own, wanted)));
  if (missing.length > 0) spec.tolerations = [...given, ...missing] as unknown as Json;
}

/** Puts back, in place, the default tolerations that the pod had and its author, who never wrote them, left out. */
export function keepDefaultTolerations(next: JsonObject, previous: JsonObject): void {
  const given = tolerationsOf(next);
  const dropped = tolerationsOf(previous).filter((had) => isDefault(had) && !given.some((own) => speaksOf(own, had)));
  if (dropped.length > 0) next.tolerations = [...given, ...dropped] as unknown as Json;
}

export function isDefault(toleration: Toleration): boolean {
  return DEFAULT_TOLERATIONS.some((known) => equalJson(known as unknown as Json, toleration as unknown as Json));
}

/** Whether `own` says already what is to become of the pod under the taint that `wanted` is about. */
function speaksOf({ key = '', effect }: Toleration, wanted: Toleration): boolean {
  return (key === '' || key === wanted.key) && (!effect || effect === wanted.effect);
}

function tolerationsOf(spec: JsonObject): readonly Toleration[] {
  return Array.isArray(spec.tolerations) ? (spec.tolerations as unknown as Toleration[]) : [];
}
