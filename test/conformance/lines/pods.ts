/** What is asked of pods and the kubelet. */
import { alsoIn, group, seenIn } from '../line.ts';

const CONFIG_E2E = 'test/e2e/pod-config.test.ts';
const CONFIG = 'test/unit/kubelet/config.test.ts';

export const PODS = group(1, 'Pods', {
  23: alsoIn(
    seenIn(
      'variables are made of variables, and so are commands and their arguments',
      'test/unit/objects/env.test.ts',
      'expands in order, lets the container override Services, and fills in command and args',
    ),
    CONFIG_E2E,
    'gives variables from ConfigMaps, Secrets, the pod and its resources',
  ),
  24: alsoIn(
    seenIn(
      'parts of volumes are named by variables; those that are absolute, lead up or have no value fail, until they have one',
      CONFIG_E2E,
      'refuses parts that lead nowhere or out of their volume, and takes them when they do no more',
      'mounts paths of the node, and parts of volumes',
    ),
    CONFIG,
    'mounts a part of a volume, named by the variables of the container',
    'goes on with a part of a volume when an annotation that names it comes',
  ),
  25: alsoIn(
    seenIn(
      'variables tell a container of its limits and requests, of the node and of its pod',
      CONFIG_E2E,
      'gives variables from ConfigMaps, Secrets, the pod and its resources',
    ),
    CONFIG,
    'tells a container of limits that it does not declare what pods may use of the node',
    "gives the pod's address to a container that asks for it, and that of the node on its network",
  ),
});
