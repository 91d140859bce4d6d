/**
 * A node makes the volumes that the local-provisioner makes, for claims that wait for this node, and lets them go again. A volume
 * that it could make for another's claim would be where that one's data goes.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PersistentVolume } from '../../../../reconcilers/objects/kinds/persistent-volume.ts';
import { LOCAL_PROVISIONER } from '../../../../reconcilers/objects/volume-binding.ts';
import type { RegistryClient } from '../../../../reconcilers/ports/object-client.ts';
import { isProvisionedOn, isVolumeOf } from '../node-scope.ts';
import { type KindRules, refusal } from './rules.ts';

export function volumeRules(client: Pick<RegistryClient, 'get'>, node: string): KindRules<'PersistentVolume'> {
  const demandOwn = (volume: Parameters<typeof isVolumeOf>[0] & { metadata: { name?: string } }) => {
    if (isVolumeOf(volume, node)) return;
    const detail = `node "${node}" can only write volumes of ${LOCAL_PROVISIONER} whose node affinity is itself`;
    throw refusal('PersistentVolume', volume.metadata.name, detail);
  };

  const isAskedFor = async ({ claimRef, storageClassName = '' }: PersistentVolume['spec']): Promise<boolean> => {
    const { namespace = '', name = '', uid } = claimRef ?? {};
    const claim = await client.get('PersistentVolumeClaim', { namespace, name });
    if (claim === undefined || claim.metadata.uid !== uid || !isProvisionedOn(claim, node)) return false;
    const storageClass = await client.get('StorageClass', { namespace: '', name: storageClassName });
    return claim.spec.storageClassName === storageClassName && storageClass?.provisioner === LOCAL_PROVISIONER;
  };

  return {
    async create(draft) {
      demandOwn(draft);
      if (await isAskedFor(draft.spec)) return draft;
      const detail = `node "${node}" can only make volumes for claims that wait for it`;
      throw refusal('PersistentVolume', draft.metadata.name, detail);
    },
    update(next, previous, part) {
      demandOwn(previous);
      if (part === 'spec' && isDeepStrictEqual(withoutFinalizers(next), withoutFinalizers(previous))) return;
      const detail = `node "${node}" is not allowed to update fields other than metadata.finalizers`;
      throw refusal('PersistentVolume', previous.metadata.name, detail);
    },
    remove: demandOwn,
  };
}

/** What has to stay, as JSON has it. */
function withoutFinalizers({ metadata, status: _status, ...object }: PersistentVolume): unknown {
  const { finalizers: _finalizers, managedFields: _managers, resourceVersion: _version, ...rest } = metadata;
  return JSON.parse(JSON.stringify({ ...object, metadata: rest }));
}
