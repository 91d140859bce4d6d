/**
 * The client the loops write through: a write resolves only when this process's cache has seen it, so the next `observe` does too.
 * That is what other controllers keep "expectations" for.
 */
import type { Kind, ObjectOf } from '../objects/kinds.ts';
import type { KubeObject } from '../objects/meta.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ReadOnlyCache } from './object-cache.ts';

export function readYourWrites(client: ObjectClient, cache: ReadOnlyCache): ObjectClient {
  const seen = async <T extends KubeObject | undefined>(write: Promise<T>): Promise<T> => {
    const object = await write;
    if (object !== undefined) await cache.reached(Number(object.metadata.resourceVersion));
    return object;
  };
  return {
    get: (kind, key) => client.get(kind, key),
    list: (kind, options) => client.list(kind, options),
    watch: (kinds, options) => client.watch(kinds, options),
    create: <K extends Kind>(kind: K, draft: Parameters<typeof client.create<K>>[1]) =>
      seen(client.create(kind, draft)),
    update: <K extends Kind>(kind: K, object: ObjectOf<K>) => seen(client.update(kind, object)),
    updateStatus: <K extends Kind>(kind: K, object: ObjectOf<K>) => seen(client.updateStatus(kind, object)),
    bindPod: (key, uid, nodeName) => seen(client.bindPod(key, uid, nodeName)),
    delete: (kind, key, options) => seen(client.delete(kind, key, options)),
  };
}
