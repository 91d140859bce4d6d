/** Looks at the claims of waiting pods: where their volumes are, or may be. Cache only. */
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Node } from '../objects/cluster.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { NO_PROVISIONER } from '../objects/kinds/storage-class.ts';
import { formatKey } from '../objects/meta.ts';
import { matchesNodeSelector, type NodeSelector, type SelectedNode } from '../objects/node-selector.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import { foreignClaim, isForeign, type PodClaim, podClaims } from '../objects/pod-claims.ts';
import {
  annotationOf,
  findVolume,
  isFullyBound,
  isKeptFor,
  SELECTED_NODE,
  waitsForConsumer,
} from '../objects/volume-binding.ts';
import type { ClaimView, ClaimViews } from './claims.ts';

export class ClaimObserver {
  readonly #cache: ReadOnlyCache;
  readonly #podsByClaim: ObjectIndex<Pod>;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#podsByClaim = cache.index('Pod', (pod) => podClaims(pod).map(formatKey));
  }

  observe(pending: readonly Pod[], nodes: readonly Node[]): ClaimViews {
    const selectable = nodes.map(({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} }));
    const views: Record<string, ClaimView> = {};
    for (const pod of pending) {
      for (const claim of podClaims(pod)) views[formatKey(claim)] ??= this.#view(pod, claim, selectable);
    }
    return views;
  }

  #view(pod: Pod, own: PodClaim, nodes: readonly SelectedNode[]): ClaimView {
    const claim = this.#cache.get('PersistentVolumeClaim', own);
    if (claim === undefined) {
      const waits = own.isEphemeral ? 'waiting for ephemeral volume controller to create the ' : '';
      const problem = `persistentvolumeclaim "${own.name}"${own.isEphemeral ? '' : ' not found'}`;
      return hopeless(`${waits}${problem}`);
    }
    if (isForeign(pod, own, claim)) return hopeless(foreignClaim(pod, own));
    if (claim.metadata.deletionTimestamp !== undefined) {
      return hopeless(`persistentvolumeclaim "${own.name}" is being deleted`);
    }
    if (claim.status.phase === 'Lost') {
      return hopeless(lostVolume(claim));
    }
    const view = isFullyBound(claim) ? this.#bound(claim, nodes) : this.#unbound(claim, nodes);
    if (view.state === 'hopeless' || !claim.spec.accessModes.includes('ReadWriteOncePod')) return view;
    return { ...view, once: this.#isTaken(own) ? 'taken' : 'free' };
  }

  #bound(claim: PersistentVolumeClaim, nodes: readonly SelectedNode[]): ClaimView {
    const volume = this.#cache.get('PersistentVolume', { namespace: '', name: claim.spec.volumeName ?? '' });
    if (volume === undefined) return hopeless(lostVolume(claim));
    return { state: 'bound', nodes: namesOf(nodes, volume.spec.nodeAffinity?.required) };
  }

  #unbound(claim: PersistentVolumeClaim, nodes: readonly SelectedNode[]): ClaimView {
    const { storageClassName = '', volumeName } = claim.spec;
    const storageClass = this.#cache.get('StorageClass', { namespace: '', name: storageClassName });
    const volumes = this.#cache.list('PersistentVolume');
    // What is kept for it is bound without asking where its pod goes.
    const isBeingBound = Boolean(volumeName) || volumes.some((volume) => isKeptFor(volume, claim));
    if (storageClass === undefined || !waitsForConsumer(storageClass) || isBeingBound) {
      return hopeless('pod has unbound immediate PersistentVolumeClaims');
    }
    const selected = annotationOf(claim, SELECTED_NODE);
    if (selected !== undefined) return { state: 'selected', node: selected };
    if (storageClass.provisioner !== NO_PROVISIONER) return { state: 'open' };
    return {
      state: 'open',
      nodes: nodes.filter((node) => findVolume(claim, volumes, node) !== undefined).map(({ name }) => name),
    };
  }

  #isTaken(claim: PodClaim): boolean {
    return this.#podsByClaim
      .get(formatKey(claim))
      .some((pod) => pod.spec.nodeName !== undefined && !isPodTerminal(pod));
  }
}

function namesOf(nodes: readonly SelectedNode[], selector: NodeSelector | undefined): string[] {
  return nodes.filter((node) => matchesNodeSelector(selector, node)).map(({ name }) => name);
}

function lostVolume({ metadata, spec }: PersistentVolumeClaim): string {
  return `persistentvolumeclaim "${metadata.name}" bound to non-existent persistentvolume "${spec.volumeName}"`;
}

function hopeless(problem: string): ClaimView {
  return { state: 'hopeless', problem };
}
