/**
 * Every subresource that Kubernetes has below the kinds of this project, as discovery describes it: the kind it takes or gives, and
 * its verbs. Facts only; which of them this server answers is said in served-resources.ts.
 */
export interface Subresource {
  /** The kind in the body, or of the options in the query. */
  readonly kind: string;
  /** Where the kind is of another group than the resource: `policy/v1`. */
  readonly apiVersion?: string;
  readonly verbs: readonly string[];
}

/** Verbs of what is read and written whole. */
const WHOLE = ['get', 'patch', 'update'];
/** A connection is opened by GET (WebSocket) or POST (SPDY). */
const CONNECT = ['create', 'get'];
const PROXY = ['create', 'delete', 'get', 'patch', 'update'];

export const SUBRESOURCES = {
  'namespaces/finalize': { kind: 'Namespace', verbs: ['update'] },
  'nodes/proxy': { kind: 'NodeProxyOptions', verbs: PROXY },
  'pods/attach': { kind: 'PodAttachOptions', verbs: CONNECT },
  'pods/binding': { kind: 'Binding', verbs: ['create'] },
  'pods/ephemeralcontainers': { kind: 'Pod', verbs: WHOLE },
  'pods/eviction': { kind: 'Eviction', apiVersion: 'policy/v1', verbs: ['create'] },
  'pods/exec': { kind: 'PodExecOptions', verbs: CONNECT },
  'pods/log': { kind: 'Pod', verbs: ['get'] },
  'pods/portforward': { kind: 'PodPortForwardOptions', verbs: CONNECT },
  'pods/proxy': { kind: 'PodProxyOptions', verbs: PROXY },
  'pods/resize': { kind: 'Pod', verbs: WHOLE },
  'replicationcontrollers/scale': { kind: 'Scale', apiVersion: 'autoscaling/v1', verbs: WHOLE },
  'serviceaccounts/token': { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', verbs: ['create'] },
  'services/proxy': { kind: 'ServiceProxyOptions', verbs: PROXY },
} as const satisfies Readonly<Record<string, Subresource>>;

/** `status` of a kind that has one. */
export function statusOfKind(kind: string): Subresource {
  return { kind, verbs: WHOLE };
}
