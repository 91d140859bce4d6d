/**
 * An object is only created in a namespace that is there and stays so until the object is written; and the namespaces that
 * everything stands on stay. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle
 */
import { groupResource, KINDS, storeKey } from '../../../objects/kinds.ts';
import { SampanError } from '../../../ports/errors.ts';
import type { Store } from '../../../ports/store.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';

const LASTING = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

export class NamespaceExists implements Admission {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async admit(write: AdmittedWrite): Promise<Addition> {
    const { operation, object } = write;
    if (operation === 'create') return this.#inLivingNamespace(write);
    const isMarked = operation === 'delete' || isMarkedNow(write);
    if (object.kind === 'Namespace' && isMarked && LASTING.has(object.metadata.name)) {
      const { name } = object.metadata;
      throw new SampanError('Forbidden', {
        resource: 'namespaces',
        name,
        detail: 'this namespace may not be deleted',
      });
    }
    return NOTHING;
  }

  async #inLivingNamespace({ object }: AdmittedWrite): Promise<Addition> {
    const info = KINDS[object.kind];
    const { namespace, name } = object.metadata;
    if (!info.namespaced || namespace === undefined) return NOTHING;
    const key = storeKey('Namespace', { namespace: '', name: namespace });
    const stored = await this.#store.get(key);
    if (stored === undefined) throw new SampanError('NotFound', { resource: 'namespaces', name: namespace });
    const { metadata } = JSON.parse(stored.value) as { metadata: { deletionTimestamp?: string } };
    if (metadata.deletionTimestamp !== undefined) {
      throw new SampanError('Forbidden', {
        resource: groupResource(info),
        name,
        detail: `unable to create new content in namespace ${namespace} because it is being terminated`,
        cause: 'NamespaceTerminating',
        namespace,
      });
    }
    return { conditions: [{ key, modRevision: stored.modRevision }], writes: [] };
  }
}

function isMarkedNow(write: AdmittedWrite): boolean {
  if (write.operation !== 'update') return false;
  const { object, previous } = write;
  return object.metadata.deletionTimestamp !== undefined && previous.metadata.deletionTimestamp === undefined;
}
