/** What one node was told, and what it is told of a change: objects come into its view and leave it as its pods do. */
import type { AnyObject } from '../../../reconcilers/objects/kinds.ts';
import { nodeThatOwns, SEEN_BY_ALL } from '../../../reconcilers/objects/node-view.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import { isReferredKind, type NodeObjects, seenBy } from './node-objects.ts';

export interface Told {
  readonly type: ObjectChange['type'];
  readonly object: AnyObject;
}

export class NodeView {
  readonly #node: string;
  readonly #objects: NodeObjects;
  #referred = new Map<string, AnyObject>();

  constructor(node: string, objects: NodeObjects) {
    this.#node = node;
    this.#objects = objects;
  }

  /** All of it, as of now; what comes after is told as changes. */
  begin(): AnyObject[] {
    this.#referred = this.#objects.referredBy(this.#node);
    return [...this.#objects.of(this.#node), ...this.#referred.values()];
  }

  /** What of changes that the cache has just seen the node is told. */
  after(changes: readonly ObjectChange[]): Told[] {
    const told = changes.flatMap((change) => this.#seen(change));
    const isReferringAnew = changes.some(({ kind }) => kind === 'Pod' || isReferredKind(kind));
    return isReferringAnew ? [...told, ...this.#referredAnew()] : told;
  }

  #seen(change: ObjectChange): Told[] {
    const { type, object, previous } = change;
    if (SEEN_BY_ALL.includes(change.kind)) return [{ type, object: seenBy(this.#node, object) }];
    if (nodeThatOwns(object) !== this.#node) return [];
    // A pod is bound by a change.
    const isNew = type === 'MODIFIED' && (previous === undefined || nodeThatOwns(previous) !== this.#node);
    return [{ type: isNew ? 'ADDED' : type, object }];
  }

  #referredAnew(): Told[] {
    const before = this.#referred;
    this.#referred = this.#objects.referredBy(this.#node);
    const told: Told[] = [];
    for (const [key, object] of this.#referred) {
      const known = before.get(key);
      if (known !== object) told.push({ type: known === undefined ? 'ADDED' : 'MODIFIED', object });
    }
    for (const [key, object] of before) if (!this.#referred.has(key)) told.push({ type: 'DELETED', object });
    return told;
  }
}
