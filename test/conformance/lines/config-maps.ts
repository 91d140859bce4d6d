/** What is asked of ConfigMaps. */
import { alsoIn, group, own, seenIn } from '../line.ts';

const E2E = 'test/e2e/pod-config.test.ts';
const KUBELET = 'test/unit/kubelet/config.test.ts';
const FILES = 'test/unit/kubelet/volumes.test.ts';

export const CONFIG_MAPS = group(7, 'ConfigMap', {
  1: own('refuses an empty key'),
  2: own('is created, patched, listed by label across namespaces, and deleted as a collection'),
  3: alsoIn(
    seenIn(
      'gives variables, one by one and all at once',
      E2E,
      'gives variables from ConfigMaps, Secrets, the pod and its resources',
    ),
    'test/unit/objects/env-sources.test.ts',
    'are every key of an object, binary ones of a ConfigMap excepted, under any name that the system takes',
  ),
  4: alsoIn(
    alsoIn(
      seenIn(
        'is a volume: by default, to any user, with modes for all files or for one, by chosen keys, and twice in a pod',
        E2E,
        'shows ConfigMaps, Secrets and the pod as files, with their modes and every byte',
        'keeps what is not for all from other users',
      ),
      FILES,
      'mounts all sources read-only, with their modes',
    ),
    KUBELET,
    'shows a ConfigMap, a Secret and the pod as volumes of their own, and follows them',
  ),
  5: alsoIn(
    seenIn(
      'is followed by mounted volumes, optional ones too, and byte by byte',
      E2E,
      'shows changes of ConfigMaps, Secrets, labels and annotations within a second, but not in parts that are mounted',
      'shows ConfigMaps, Secrets and the pod as files, with their modes and every byte',
    ),
    KUBELET,
    'follows optional ConfigMaps and Secrets as they come, change and go',
  ),
  6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
});
