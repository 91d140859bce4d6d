/** Which pods a term of a pod's affinity means: in which namespaces, by which labels. Pure. */
import type { PodAffinityTerm } from '../objects/affinity.ts';
import { type Json, stableJson } from '../objects/json.ts';
import type { Labels } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { matchesSelectorTerms, type SelectorTerms } from '../objects/selector-terms.ts';

/** Labels of namespaces, by name. */
export type NamespaceLabels = Readonly<Record<string, Labels>>;

/** A term with what it takes from its own pod filled in. */
export interface PodTerm {
  readonly topologyKey: string;
  readonly namespaces: readonly string[];
  readonly namespaceSelector?: SelectorTerms;
  /** Absent: it means no pod. */
  readonly selector?: SelectorTerms;
}

export interface WeightedTerm {
  readonly term: PodTerm;
  readonly weight: number;
}

/** The terms of a pod. */
export interface PodTerms {
  /** Where pods are that it must be with. */
  readonly together: readonly PodTerm[];
  /** Where pods are that it must not be with, nor they with it. */
  readonly apart: readonly PodTerm[];
  /** With negative weights: those that it would rather not be with. */
  readonly preferred: readonly WeightedTerm[];
}

const NONE: PodTerms = { together: [], apart: [], preferred: [] };
const known = new WeakMap<Pod, PodTerms>();

/** Objects of the cache never change, so each pod is computed once. */
export function termsOf(pod: Pod): PodTerms {
  if (!hasTerms(pod)) return NONE;
  let terms = known.get(pod);
  if (terms === undefined) {
    terms = computeTerms(pod);
    known.set(pod, terms);
  }
  return terms;
}

/** Whether the pod has a say in which pods are beside it. */
export function hasTerms({ spec: { affinity } }: Pod): boolean {
  return affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined;
}

export function meansPod(term: PodTerm, { metadata }: Pod, namespaces: NamespaceLabels): boolean {
  const { namespace = '', labels } = metadata;
  const isInside =
    term.namespaces.includes(namespace) || matchesSelectorTerms(term.namespaceSelector, namespaces[namespace]);
  return isInside && matchesSelectorTerms(term.selector, labels);
}

/** The selector with those labels of the pod added that `matchLabelKeys` and `mismatchLabelKeys` name. */
export function withOwnLabels(
  selector: SelectorTerms | undefined,
  { metadata: { labels = {} } }: Pod,
  { matchLabelKeys = [], mismatchLabelKeys = [] }: Pick<PodAffinityTerm, 'matchLabelKeys' | 'mismatchLabelKeys'>,
): SelectorTerms | undefined {
  if (selector === undefined || matchLabelKeys.length + mismatchLabelKeys.length === 0) return selector;
  const own = (keys: readonly string[], operator: 'In' | 'NotIn') =>
    keys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : { key, operator, values: [value] };
    });
  const added = [...own(matchLabelKeys, 'In'), ...own(mismatchLabelKeys, 'NotIn')];
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] };
}

/** Equal for what means the same. */
export function identityOf(...parts: readonly unknown[]): string {
  return stableJson(parts as Json);
}

function computeTerms(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const resolve = (term: PodAffinityTerm) => resolveTerm(term, pod);
  const weighted = (affinity: typeof podAffinity, sign: 1 | -1) =>
    (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      term: resolve(podAffinityTerm),
      weight: sign * weight,
    }));
  return {
    together: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(resolve),
    apart: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(resolve),
    preferred: [...weighted(podAffinity, 1), ...weighted(podAntiAffinity, -1)],
  };
}

function resolveTerm(term: PodAffinityTerm, pod: Pod): PodTerm {
  const { topologyKey, namespaces = [], namespaceSelector } = term;
  const isOwn = namespaces.length === 0 && namespaceSelector === undefined;
  const selector = withOwnLabels(term.labelSelector, pod, term);
  return {
    topologyKey,
    namespaces: isOwn ? [pod.metadata.namespace ?? ''] : namespaces,
    ...(namespaceSelector && { namespaceSelector }),
    ...(selector && { selector }),
  };
}
