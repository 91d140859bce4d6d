/** What restricts a node's writes of one kind, and the words of a refusal, which are those of Kubernetes' admissions. */
import { groupResource, KINDS, type Kind, type ObjectOf } from '../../../../reconcilers/objects/kinds.ts';
import type { Draft } from '../../../../reconcilers/objects/meta.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { ObjectPart } from '../../../../reconcilers/ports/object-client.ts';

/** Each throws Forbidden. */
export interface KindRules<K extends Kind> {
  /** The draft as it is to be created. */
  create(draft: Draft<ObjectOf<K>>): Promise<Draft<ObjectOf<K>>>;
  update(next: ObjectOf<K>, previous: ObjectOf<K>, part: ObjectPart): void;
  remove(object: ObjectOf<K>): void;
}

/** Kinds that are not here are the authorizer's alone. */
export type NodeRules = { readonly [K in Kind]?: KindRules<K> };

export function refusal(kind: Kind, name: string | undefined, detail: string): SampanError {
  return new SampanError('Forbidden', { resource: groupResource(KINDS[kind]), name: name ?? '', detail });
}
