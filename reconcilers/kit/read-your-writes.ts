/**
 * The client the loops write through: a write resolves only when this process's cache has seen it, so the next `observe` does too.
 * That is what other controllers keep "expectations" for. The API server's can do a little more.
 */
import type { Kind, ObjectOf } from '../objects/kinds.ts';
import type { Draft, KubeObject, ObjectKey } from '../objects/meta.ts';
import type { ModifyOptions, ObjectClient, RegistryClient, WriteOptions } from '../ports/object-client.ts';
import type { ReadOnlyCache } from './object-cache.ts';

export function readYourWrites(client: ObjectClient, cache: ReadOnlyCache): ObjectClient {
  const seen = seenBy(cache);
  return {
    get: (kind, key) => client.get(kind, key),
    list: (kind, options) => client.list(kind, options),
    watch: (kinds, options) => client.watch(kinds, options),
    create: <K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>, options?: WriteOptions) =>
      seen(client.create(kind, draft, options)),
    update: <K extends Kind>(kind: K, object: ObjectOf<K>) => seen(client.update(kind, object)),
    updateStatus: <K extends Kind>(kind: K, object: ObjectOf<K>) => seen(client.updateStatus(kind, object)),
    finalizeNamespace: (namespace) => seen(client.finalizeNamespace(namespace)),
    bindPod: (key, uid, nodeName) => seen(client.bindPod(key, uid, nodeName)),
    delete: (kind, key, options) => seen(client.delete(kind, key, options)),
  };
}

export function registryReadYourWrites(client: RegistryClient, cache: ReadOnlyCache): RegistryClient {
  const seen = seenBy(cache);
  return {
    ...readYourWrites(client, cache),
    revision: () => client.revision(),
    listPage: (kind, options) => client.listPage(kind, options),
    modify: <K extends Kind>(
      kind: K,
      key: ObjectKey,
      change: (current: ObjectOf<K>) => ObjectOf<K>,
      options?: ModifyOptions,
    ) => seen(client.modify(kind, key, change, options)),
  };
}

function seenBy(cache: ReadOnlyCache) {
  return async <T extends KubeObject | undefined>(write: Promise<T>): Promise<T> => {
    const object = await write;
    if (object !== undefined) await cache.reached(Number(object.metadata.resourceVersion));
    return object;
  };
}
