/** What is asked of the kinds of storage, as far as no driver is needed. */
import { group, outOfScope, own } from '../line.ts';

const DRIVERS = 'storage is what the nodes themselves have; no drivers are loaded, and the kind is not served';

export const STORAGE = group(22, 'Storage API kinds without a driver', {
  1: own('a volume and its claim live a whole life, and go when nothing protects them any more'),
  2: own('the status of a volume and of a claim are read, patched and replaced by themselves'),
  3: own('a StorageClass lives a whole life, and a collection takes those with the label'),
  4: outOfScope('a VolumeAttachment lives a whole life', DRIVERS),
  5: outOfScope("a VolumeAttachment's status is patched and replaced by itself", DRIVERS),
  6: outOfScope('a CSINode lives a whole life', DRIVERS),
  7: outOfScope('a CSIDriver lives a whole life', DRIVERS),
  8: outOfScope(
    'a pod may have an inline volume of a CSI driver',
    'no drivers are loaded: such a volume is refused by name',
  ),
  9: outOfScope('a CSIStorageCapacity lives a whole life', DRIVERS),
});
