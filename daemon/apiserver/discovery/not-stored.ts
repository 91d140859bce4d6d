/**
 * Kubernetes' resources that are answered without being stored: questions that are asked by creating an object, and measurements.
 * Facts only; which of them this server answers is said in served-resources.ts.
 */
export interface NotStored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const AUTHENTICATION = 'authentication.k8s.io/v1';
const AUTHORIZATION = 'authorization.k8s.io/v1';
const METRICS = 'metrics.k8s.io/v1beta1';

/** By plural and, where another has the same, group. */
export const NOT_STORED = {
  bindings: asked('v1', 'Binding', true),
  localsubjectaccessreviews: asked(AUTHORIZATION, 'LocalSubjectAccessReview', true),
  selfsubjectaccessreviews: asked(AUTHORIZATION, 'SelfSubjectAccessReview', false),
  selfsubjectreviews: asked(AUTHENTICATION, 'SelfSubjectReview', false),
  selfsubjectrulesreviews: asked(AUTHORIZATION, 'SelfSubjectRulesReview', false),
  subjectaccessreviews: asked(AUTHORIZATION, 'SubjectAccessReview', false),
  tokenreviews: asked(AUTHENTICATION, 'TokenReview', false),
  'nodes.metrics.k8s.io': measured('NodeMetrics', false),
  'pods.metrics.k8s.io': measured('PodMetrics', true),
} as const satisfies Readonly<Record<string, NotStored>>;

function asked(apiVersion: string, kind: string, namespaced: boolean): NotStored {
  return { apiVersion, kind, singular: kind.toLowerCase(), namespaced, verbs: ['create'] };
}

function measured(kind: string, namespaced: boolean): NotStored {
  return { apiVersion: METRICS, kind, singular: '', namespaced, verbs: ['get', 'list'] };
}
