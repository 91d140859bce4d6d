/** Which objects a node sees, from the object cache and indexes of its own; the feeds of all nodes share one. */
import type { ObjectCache, ObjectIndex } from '../../../reconcilers/kit/object-cache.ts';
import { NODE_LEASE_NAMESPACE } from '../../../reconcilers/objects/cluster.ts';
import type { AnyObject, Kind } from '../../../reconcilers/objects/kinds.ts';
import { keyOf } from '../../../reconcilers/objects/meta.ts';
import {
  asOthersSee,
  isNewsToOthers,
  nodeThatOwns,
  SEEN_BY_ALL,
  SEEN_WHERE_REFERRED,
} from '../../../reconcilers/objects/node-view.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import { podReferences } from '../access/pod-references.ts';

type ReferredKind = (typeof SEEN_WHERE_REFERRED)[number];

export class NodeObjects {
  readonly #cache: ObjectCache;
  readonly #podsByNode: ObjectIndex<Pod>;
  readonly #podsByReference: ObjectIndex<Pod>;

  constructor(cache: ObjectCache) {
    this.#cache = cache;
    this.#podsByNode = cache.index('Pod', (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
    this.#podsByReference = cache.index('Pod', (pod) =>
      pod.spec.nodeName === undefined ? [] : referencesOf(pod).map(({ kind, name }) => referenceKey(kind, pod, name)),
    );
  }

  /** Everything but what it refers to. */
  *of(node: string): Iterable<AnyObject> {
    for (const kind of SEEN_BY_ALL) for (const object of this.#cache.list(kind)) yield seenBy(node, object);
    const lease = this.#cache.get('Lease', { namespace: NODE_LEASE_NAMESPACE, name: node });
    if (lease !== undefined) yield lease;
    yield* this.#podsByNode.get(node);
  }

  /** What its pods refer to, of what there is. */
  referredBy(node: string): Map<string, AnyObject> {
    const found = new Map<string, AnyObject>();
    for (const pod of this.#podsByNode.get(node)) {
      for (const { kind, name } of referencesOf(pod)) {
        const object = this.#cache.get(kind, { namespace: keyOf(pod).namespace, name });
        if (object !== undefined) found.set(referenceKey(kind, pod, name), object);
      }
    }
    return found;
  }

  /** Whom a change concerns. */
  nodesFor({ type, kind, object, previous }: ObjectChange): 'all' | Iterable<string> {
    if (kind === 'Node' && type === 'MODIFIED' && !isNewsToOthers(object, previous)) return [object.metadata.name];
    if (SEEN_BY_ALL.includes(kind)) return 'all';
    if (isReferredKind(kind)) {
      const pods = this.#podsByReference.get(referenceKey(kind, object, object.metadata.name));
      return new Set(pods.map(({ spec }) => spec.nodeName ?? ''));
    }
    const node = nodeThatOwns(object);
    return node === undefined ? [] : [node];
  }
}

/** The object as the node is told of it. */
export function seenBy(node: string, object: AnyObject): AnyObject {
  return object.kind === 'Node' && object.metadata.name !== node ? asOthersSee(object) : object;
}

export function isReferredKind(kind: Kind): kind is ReferredKind {
  return SEEN_WHERE_REFERRED.some((each) => each === kind);
}

/** Claims are not among them: every node sees them all. */
function referencesOf(pod: Pod) {
  return podReferences(pod).flatMap(({ kind, name }) => (isReferredKind(kind) ? [{ kind, name }] : []));
}

function referenceKey(kind: ReferredKind, { metadata }: Pick<AnyObject, 'metadata'>, name: string): string {
  return `${kind}/${metadata.namespace}/${name}`;
}
