/** What is asked of Secrets. */
import { alsoIn, group, own, seenIn } from '../line.ts';

const E2E = 'test/e2e/pod-config.test.ts';
const KUBELET = 'test/unit/kubelet/config.test.ts';

export const SECRETS = group(8, 'Secret', {
  1: own('refuses an empty key'),
  2: own('is created, listed, patched in base64, and deleted as a collection by label'),
  3: alsoIn(
    seenIn(
      'gives variables, one by one and all at once',
      E2E,
      'gives variables from ConfigMaps, Secrets, the pod and its resources',
      'waits for what a container is made from, and goes on when it comes',
    ),
    'test/unit/objects/env-sources.test.ts',
    'are every key of an object, binary ones of a ConfigMap excepted, under any name that the system takes',
  ),
  4: alsoIn(
    alsoIn(
      seenIn(
        'is a volume: by default, with modes for all files or for one, to the group of the pod, by chosen keys, twice, and of its namespace',
        E2E,
        'shows ConfigMaps, Secrets and the pod as files, with their modes and every byte',
        'keeps what is not for all from other users',
      ),
      'test/contracts/volume-files.test.ts',
      'of files are readable by their group, whatever their modes, and a file may have an owner',
    ),
    KUBELET,
    'shows a ConfigMap, a Secret and the pod as volumes of their own, and follows them',
    'takes a Secret of the namespace of the pod, whatever others are called',
    'gives files to the group of the pod, and its token to the user that its containers run as',
  ),
  5: seenIn(
    'is followed by mounted volumes, optional ones too',
    KUBELET,
    'follows optional ConfigMaps and Secrets as they come, change and go',
  ),
  6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
});
