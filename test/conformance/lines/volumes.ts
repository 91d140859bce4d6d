/** What is asked of volumes beside those of one ConfigMap or Secret. */
import { alsoIn, group, seenIn } from '../line.ts';

const E2E = 'test/e2e/pod-config.test.ts';
const KUBELET = 'test/unit/kubelet/config.test.ts';
const FILES = 'test/unit/kubelet/volumes.test.ts';
const OF_TWO = 'shows all sorts of content in one pod, in volumes of their own and in one, without mixing them up';

export const VOLUMES = group(9, 'EmptyDir, projected, downward API, subPath', {
  1: seenIn(
    'two containers share an empty folder',
    E2E,
    'has folders for all containers of the pod, where files of any user keep their modes, on disk and in memory',
  ),
  2: seenIn(
    'files of root and of others keep their modes and content, on disk and in memory',
    E2E,
    'has folders for all containers of the pod, where files of any user keep their modes, on disk and in memory',
  ),
  3: seenIn(
    'the folder itself is for all to write to; in memory it is a tmpfs',
    E2E,
    'has folders for all containers of the pod, where files of any user keep their modes, on disk and in memory',
    'holds a folder in memory to its size',
  ),
  4: seenIn('volumes of a Secret and of a ConfigMap do not get into each other', KUBELET, OF_TWO),
  5: seenIn(
    '50 volumes of ConfigMaps in each of five pods at once',
    E2E,
    'mounts 50 ConfigMaps in each of five pods at once',
  ),
  6: seenIn(
    'one projected volume of a Secret, a ConfigMap and the pod',
    FILES,
    'mounts all sources read-only, with their modes',
  ),
  7: alsoIn(
    seenIn(
      'projected ConfigMaps do what their own volumes do',
      FILES,
      'mounts all sources read-only, with their modes',
      'shows a changed ConfigMap to what runs, and restarts nothing',
    ),
    'test/e2e/volumes.test.ts',
    'hold configuration with its modes, and what a pod is called',
  ),
  8: alsoIn(
    seenIn('projected Secrets do what their own volumes do', FILES, 'mounts all sources read-only, with their modes'),
    KUBELET,
    OF_TWO,
    'follows optional ConfigMaps and Secrets as they come, change and go',
    'gives files to the group of the pod, and its token to the user that its containers run as',
  ),
  9: seenIn(
    "a projected volume tells of the pod's name, labels, annotations, limits and requests, with modes, and follows them",
    KUBELET,
    'tells of the pod and its resources in a projected volume',
  ),
  10: alsoIn(
    seenIn(
      'a volume of the downward API does the same',
      E2E,
      'shows ConfigMaps, Secrets and the pod as files, with their modes and every byte',
      'shows changes of ConfigMaps, Secrets, labels and annotations within a second, but not in parts that are mounted',
    ),
    KUBELET,
    'tells of the pod and its resources in a downward API volume',
  ),
  11: alsoIn(
    seenIn(
      'parts of volumes of every sort of content are mounted, also on files of the image',
      E2E,
      'mounts paths of the node, and parts of volumes',
    ),
    KUBELET,
    'mounts a part of every sort of content',
  ),
});
