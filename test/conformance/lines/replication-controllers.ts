/** What is asked of ReplicationControllers. */
import { alsoIn, group, own, seenIn } from '../line.ts';

const REPLICATION = 'test/unit/replication/replication.test.ts';
const WALKTHROUGH = 'test/e2e/walkthrough.test.ts';
const SCALE = 'test/unit/apiserver/scale.test.ts';

export const REPLICATION_CONTROLLERS = group(4, 'ReplicationController', {
  1: alsoIn(
    seenIn('runs an image in each of its replicas, which answer', WALKTHROUGH, 'runs seven pods'),
    WALKTHROUGH,
    'answers OLLEH on loopback, on the address of the node and to a machine outside',
  ),
  2: seenIn(
    'adopts a pod that matches and has no owner',
    REPLICATION,
    'adopts what matches and is nobody’s, and lets go of what matches no more',
  ),
  3: seenIn(
    'lets go of a pod whose labels match no more, and makes another',
    REPLICATION,
    'adopts what matches and is nobody’s, and lets go of what matches no more',
  ),
  4: seenIn(
    'says that a quota refuses its pods, until it is scaled to what fits',
    'test/unit/resource-quota/resource-quota.test.ts',
    'keeps a controller short of pods, which says so, goes on trying, and stops saying so',
    'lets a controller be scaled down to what fits',
  ),
  5: seenIn(
    'is scaled through its scale, which shows what is wished',
    SCALE,
    'shows the controller as something that is scaled',
    'is scaled by a whole Scale, to none where that leaves the number out',
  ),
  6: own('is created, watched, patched with its status and scale, and deleted as one of a collection'),
});
