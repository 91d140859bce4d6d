/** What is asked of the server by the real kubectl. */
import { group, notYet, own, seenIn } from '../line.ts';

const NO_DEPLOYMENT = 'the group apps (Deployment, ReplicaSet) is not served';

export const KUBECTL = group(13, 'kubectl', {
  1: seenIn('api-versions lists v1', 'test/kubectl/discovery.test.ts', 'lists the group-versions'),
  2: seenIn(
    'version prints client and server',
    'test/kubectl/discovery.test.ts',
    'tells its version, near enough for kubectl 1.32 and 1.33 to warn of nothing',
  ),
  3: own('cluster-info says that the control plane is running'),
  4: own('describe shows pod, rc, service, node and namespace'),
  5: own('run --restart=Never makes a pod of the image'),
  6: own("replace changes a pod's image"),
  7: own('patch annotates each pod of an rc'),
  8: own('label adds, finds and removes'),
  9: own('expose makes a Service of an rc, and another of that'),
  10: seenIn(
    'logs takes --tail, --limit-bytes, --timestamps and --since',
    'test/kubectl/streams.test.ts',
    'logs shows lines, their end, and no more bytes than asked for',
  ),
  11: own('create -f makes an rc, its two pods come, delete takes all away'),
  12: own('scale takes an rc from 2 to 1 and back, and its pods follow'),
  13: own('patch --dry-run=server leaves the image as it was'),
  14: own('proxy --port=0 serves /api'),
  15: own('proxy --unix-socket serves /api'),
  16: notYet('diff of a Deployment shows the image', `${NO_DEPLOYMENT}; diff of a pod is tested in its place`),
  17: notYet('the guestbook', NO_DEPLOYMENT),
});
