/**
 * A claim that has its volume may ask for more only where its class says that volumes grow.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#persistentvolumeclaimresize
 */
import { KINDS, storeKey } from '../../../objects/kinds.ts';
import { compareQuantities } from '../../../objects/quantity.ts';
import { SampanError } from '../../../ports/errors.ts';
import type { Store } from '../../../ports/store.ts';
import { parseStored } from '../stored-object.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';

export class ClaimExpansion implements Admission {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async admit(write: AdmittedWrite): Promise<Addition> {
    if (write.operation !== 'update') return NOTHING;
    const { object, previous } = write;
    if (object.kind !== 'PersistentVolumeClaim' || previous.kind !== 'PersistentVolumeClaim') return NOTHING;
    if (previous.status.phase !== 'Bound') return NOTHING;
    const [after, before] = [object, previous].map(({ spec }) => spec.resources.requests.storage ?? '0');
    if (compareQuantities(after ?? '0', before ?? '0') <= 0) return NOTHING;
    const key = storeKey('StorageClass', { namespace: '', name: object.spec.storageClassName ?? '' });
    const stored = object.spec.storageClassName ? await this.#store.get(key) : undefined;
    if (stored !== undefined && parseStored('StorageClass', stored).allowVolumeExpansion === true) return NOTHING;
    throw new SampanError('Forbidden', {
      resource: KINDS.PersistentVolumeClaim.plural,
      name: object.metadata.name,
      detail:
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
  }
}
