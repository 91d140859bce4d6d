/**
 * Which key a node's name belongs to: an annotation of the Node, made when the name is first used, and gone with the Node. Joining,
 * the authorizer and the restriction of writes read it here. Pure.
 */
import type { ObjectMeta } from '../../../reconcilers/objects/meta.ts';

const NODE_KEY = 'sampan.dev/node-key';

type Annotated = { readonly metadata: Partial<ObjectMeta> };

/** `sha256:…`; undefined where the node did not join with a certificate of its own, as that of a master. */
export function nodeKeyOf({ metadata }: Annotated): string | undefined {
  return metadata.annotations?.[NODE_KEY];
}

export function withNodeKey<T extends Annotated>(node: T, key: string): T {
  const annotations = { ...node.metadata.annotations, [NODE_KEY]: key };
  return { ...node, metadata: { ...node.metadata, annotations } };
}
