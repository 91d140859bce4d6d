/**
 * What belongs to a node: its pods, what they refer to, the volumes it makes for claims. The authorizer and the restriction of writes
 * ask here; all of it is read from the object cache.
 */
import type { ObjectIndex, ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import type { PersistentVolume } from '../../../reconcilers/objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../../../reconcilers/objects/kinds/persistent-volume-claim.ts';
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import {
  annotationOf,
  LOCAL_PROVISIONER,
  PROVISIONED_BY,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from '../../../reconcilers/objects/volume-binding.ts';
import { nodeKeyOf } from './node-key.ts';
import { type PodReference, podReferences } from './pod-references.ts';

export class NodeScope {
  readonly #cache: Pick<ReadOnlyCache, 'get'>;
  readonly #podsByNode: ObjectIndex<Pod>;

  constructor(cache: Pick<ReadOnlyCache, 'get' | 'index'>) {
    this.#cache = cache;
    this.#podsByNode = cache.index('Pod', ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  }

  /** Of the node's certificate, as it was recorded when it joined; undefined where it was not. */
  keyOf(node: string): string | undefined {
    const found = this.#cache.get('Node', { namespace: '', name: node });
    return found && nodeKeyOf(found);
  }

  hasPod(node: string, { namespace, name }: ObjectKey): boolean {
    return this.#podsIn(node, namespace).some(({ metadata }) => metadata.name === name);
  }

  /** Whether a pod of the node names it. */
  refersTo(node: string, kind: PodReference['kind'], { namespace, name }: ObjectKey): boolean {
    const isIt = (reference: PodReference) => reference.kind === kind && reference.name === name;
    return name !== '' && this.#podsIn(node, namespace).some((pod) => podReferences(pod).some(isIt));
  }

  /** Whether a pod of the node has it, or the node is to make its volume. */
  usesClaim(node: string, key: ObjectKey): boolean {
    const claim = this.#cache.get('PersistentVolumeClaim', key);
    return this.refersTo(node, 'PersistentVolumeClaim', key) || (claim !== undefined && isProvisionedOn(claim, node));
  }

  /** Whether the node made it. */
  hasVolume(node: string, name: string): boolean {
    const volume = this.#cache.get('PersistentVolume', { namespace: '', name });
    return volume !== undefined && isVolumeOf(volume, node);
  }

  /** Whether a pod of the node has it by way of a claim. */
  usesVolume(node: string, name: string): boolean {
    const claim = this.#cache.get('PersistentVolume', { namespace: '', name })?.spec.claimRef;
    if (claim?.namespace === undefined || claim.name === undefined) return false;
    return this.refersTo(node, 'PersistentVolumeClaim', { namespace: claim.namespace, name: claim.name });
  }

  #podsIn(node: string, namespace: string): Pod[] {
    return this.#podsByNode.get(node).filter(({ metadata }) => metadata.namespace === namespace);
  }
}

/** Whether the claim waits for a volume of this node, or got one. */
export function isProvisionedOn(claim: PersistentVolumeClaim, node: string): boolean {
  return annotationOf(claim, STORAGE_PROVISIONER) === LOCAL_PROVISIONER && annotationOf(claim, SELECTED_NODE) === node;
}

/** Whether it is a folder that the local-provisioner makes, on this node and no other. */
export function isVolumeOf(
  volume: { readonly metadata: { annotations?: Record<string, string> }; readonly spec: PersistentVolume['spec'] },
  node: string,
): boolean {
  const { local, nodeAffinity } = volume.spec;
  const terms = nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const isOnlyHere = terms.every(({ matchFields = [] }) =>
    matchFields.some(
      ({ key, operator, values = [] }) =>
        key === 'metadata.name' && operator === 'In' && values.length === 1 && values[0] === node,
    ),
  );
  const isLocal = volume.metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER && local !== undefined;
  return isLocal && terms.length > 0 && isOnlyHere;
}
