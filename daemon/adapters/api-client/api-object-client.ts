/**
 * The objects' port on a node of its own: writes are requests to the API servers, lists and the watch are what the node's feed tells.
 * The server admits, validates and completes; refusals come back as the errors they were there.
 */
import { KINDS, type Kind, type ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import type { Draft, ObjectKey } from '../../../reconcilers/objects/meta.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import type { DeleteOptions, ObjectClient, WriteOptions } from '../../../reconcilers/ports/object-client.ts';
import type { ApiServers } from './api-servers.ts';

export class ApiObjectClient implements ObjectClient {
  readonly #servers: ApiServers;
  readonly list: ObjectClient['list'];
  readonly watch: ObjectClient['watch'];

  constructor(servers: ApiServers, feed: Pick<ObjectClient, 'list' | 'watch'>) {
    this.#servers = servers;
    this.list = (kind, options) => feed.list(kind, options);
    this.watch = (kinds, options) => feed.watch(kinds, options);
  }

  async get<K extends Kind>(kind: K, key: ObjectKey): Promise<ObjectOf<K> | undefined> {
    return unlessMissing(this.#servers.json<ObjectOf<K>>({ path: pathOf(kind, key) }));
  }

  async create<K extends Kind>(
    kind: K,
    draft: Draft<ObjectOf<K>>,
    { dryRun = false }: WriteOptions = {},
  ): Promise<ObjectOf<K>> {
    const path = `${collectionOf(kind, draft.metadata.namespace)}${dryRun ? '?dryRun=All' : ''}`;
    return this.#servers.json({ method: 'POST', path, body: { ...typeOf(kind), ...draft } });
  }

  async update<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#put(kind, object);
  }

  async updateStatus<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#put(kind, object, '/status');
  }

  async finalizeNamespace(namespace: ObjectOf<'Namespace'>): Promise<ObjectOf<'Namespace'>> {
    return this.#put('Namespace', namespace, '/finalize');
  }

  async bindPod(key: ObjectKey, uid: string, nodeName: string): Promise<ObjectOf<'Pod'>> {
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { ...key, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    const path = pathOf('Pod', key);
    await this.#servers.json({ method: 'POST', path: `${path}/binding`, body });
    return this.#servers.json({ path });
  }

  async delete<K extends Kind>(
    kind: K,
    key: ObjectKey,
    { uid, resourceVersion, dryRun, ...options }: DeleteOptions = {},
  ): Promise<ObjectOf<K> | undefined> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      ...options,
      ...(dryRun === true && { dryRun: ['All'] }),
    };
    const answer = this.#servers.json<ObjectOf<K>>({ method: 'DELETE', path: pathOf(kind, key), body });
    const object = await unlessMissing(answer);
    // Kinds that do not show what went answer that it went.
    return object?.kind === kind ? object : undefined;
  }

  async #put<K extends Kind>(kind: K, object: ObjectOf<K>, subresource = ''): Promise<ObjectOf<K>> {
    const { name, namespace = '' } = object.metadata;
    const path = `${pathOf(kind, { namespace, name })}${subresource}`;
    return this.#servers.json({ method: 'PUT', path, body: object, isVital: kind === 'Lease' || kind === 'Node' });
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (isSampanError(error, 'NotFound')) return undefined;
    throw error;
  });
}

function typeOf(kind: Kind): { apiVersion: string; kind: Kind } {
  return { apiVersion: KINDS[kind].apiVersion, kind };
}

function collectionOf(kind: Kind, namespace: string | undefined): string {
  const { apiVersion, plural, namespaced } = KINDS[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespaced ? `${root}/namespaces/${encodeURIComponent(namespace ?? '')}/${plural}` : `${root}/${plural}`;
}

function pathOf(kind: Kind, { namespace, name }: ObjectKey): string {
  return `${collectionOf(kind, namespace)}/${encodeURIComponent(name)}`;
}
