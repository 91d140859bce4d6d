/** What is asked of the scheduler, and of the bounds that a namespace sets for pods. */
import { alsoIn, group, notYet, outOfScope, own, planned, seenIn } from '../line.ts';

const SCHEDULER = 'test/unit/scheduler/scheduler.test.ts';

export const SCHEDULING = group(21, 'Scheduling', {
  1: seenIn(
    'a pod that asks for more than any node has left waits, and an event says why',
    SCHEDULER,
    'never overcommits, however many pods come at once, and places the rest when room is made',
    'tells the reason per node, tells it again only when it changes, and looks again when a node does',
  ),
  2: alsoIn(
    planned('a pod with a node selector goes to a node with the label', 'node-selector-is-all-of-its-labels'),
    'test/e2e/real-manifests.test.ts',
    'a web server: its pages at the cluster IP and the node port, as nobody on a root that is read only',
  ),
  3: planned('a pod whose node selector no node matches waits', 'node-selector-is-all-of-its-labels'),
  4: planned('a pod waits for a host port that another has at all addresses', 'host-port-taken'),
  5: seenIn(
    'a LimitRange fills in what pods do not say, and refuses what is out of its bounds',
    'test/unit/kit/admission/limit-ranges.test.ts',
    'fill in what a container does not say, and say so',
    'refuse containers out of bounds, in words of their own',
  ),
  6: own('a LimitRange is listed, patched, and deleted as one of a collection'),
  7: notYet('a PriorityClass keeps its value and has the rest changed', 'the group scheduling.k8s.io is not served'),
  8: outOfScope(
    'pods make room for others of a higher priority',
    'priorities are refused by name: nothing that runs is stopped for something else',
  ),
});
