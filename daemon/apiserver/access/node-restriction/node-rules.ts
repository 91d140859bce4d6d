/**
 * A node writes its own Node, but nothing by which it would steer pods to itself or take what is another's: no taints, no labels that
 * stand for trust, no pod addresses of its choice, no other key. Labels: kubernetes/pkg/kubelet/apis/well_known_labels.go.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../../../../reconcilers/objects/cluster.ts';
import { nodeKeyOf, withNodeKey } from '../node-key.ts';
import { type KindRules, refusal } from './rules.ts';

const RESTRICTED = 'node-restriction.kubernetes.io';
/** Labels of Kubernetes' own that a kubelet sets, and the namespaces in which all are its to set. */
const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const KUBELET_NAMESPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

export interface RestrictedNode {
  readonly name: string;
  /** The hash of its certificate's key; undefined where it showed none. */
  readonly key: string | undefined;
}

export function nodeRules({ name, key }: RestrictedNode): KindRules<'Node'> {
  const refuse = (detail: string) => refusal('Node', name, detail);
  const demandOwn = (other: string | undefined) => {
    if (other === name) return;
    throw refusal('Node', other, `node "${name}" is not allowed to modify node "${other ?? ''}"`);
  };
  return {
    async create(draft) {
      demandOwn(draft.metadata.name);
      const labels = forbiddenLabels(draft.metadata.labels ?? {}, {});
      if (labels.length > 0) {
        throw refuse(`node "${name}" is not allowed to set the following labels: ${labels.join(', ')}`);
      }
      // The masters assign them: routes of all nodes lead there.
      if (podCidrsOf(draft.spec).length > 0) throw refuse(`node "${name}" is not allowed to choose its pod addresses`);
      if (key !== undefined) return withNodeKey(draft, key);
      if (nodeKeyOf(draft) !== undefined) throw refuse(`node "${name}" is not allowed to say whose key it has`);
      return draft;
    },
    update(next, previous, part) {
      demandOwn(previous.metadata.name);
      if (nodeKeyOf(next) !== nodeKeyOf(previous)) {
        throw refuse(`node "${name}" is not allowed to say whose key it has`);
      }
      const labels = forbiddenLabels(next.metadata.labels ?? {}, previous.metadata.labels ?? {});
      if (labels.length > 0) throw refuse(`is not allowed to modify labels: ${labels.join(', ')}`);
      // The rest stays as it is stored.
      if (part === 'status') return;
      if (!isDeepStrictEqual(next.spec?.taints ?? [], previous.spec.taints ?? [])) {
        throw refuse(`node "${name}" is not allowed to modify taints`);
      }
      const podCidrs = podCidrsOf(next.spec);
      // It may give back what it cannot use.
      if (podCidrs.length > 0 && !isDeepStrictEqual(podCidrs, podCidrsOf(previous.spec))) {
        throw refuse(`node "${name}" is not allowed to choose its pod addresses`);
      }
    },
    remove() {
      throw refuse(`node "${name}" is not allowed to delete nodes`);
    },
  };
}

function forbiddenLabels(next: Readonly<Record<string, string>>, previous: Readonly<Record<string, string>>): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(previous)]);
  return [...keys].filter((key) => next[key] !== previous[key] && isForbidden(key)).sort();
}

function isForbidden(label: string): boolean {
  const [first = '', second] = label.split('/');
  const namespace = second === undefined ? '' : first;
  if (isWithin(namespace, RESTRICTED)) return true;
  const isKubernetes = isWithin(namespace, 'kubernetes.io') || isWithin(namespace, 'k8s.io');
  const isKubelets = KUBELET_LABELS.has(label) || KUBELET_NAMESPACES.some((each) => isWithin(namespace, each));
  return isKubernetes && !isKubelets;
}

function isWithin(namespace: string, parent: string): boolean {
  return namespace === parent || namespace.endsWith(`.${parent}`);
}

function podCidrsOf(spec: Node['spec'] | undefined): string[] {
  return [...new Set([spec?.podCIDR ?? [], spec?.podCIDRs ?? []].flat())];
}
