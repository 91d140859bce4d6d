/** What is asked of pods and the kubelet. */
import { alsoIn, group, planned, seenIn } from '../line.ts';

const CONFIG_E2E = 'test/e2e/pod-config.test.ts';
const CONFIG = 'test/unit/kubelet/config.test.ts';
const SECURITY = 'test/e2e/security.test.ts';

export const PODS = group(1, 'Pods', {
  11: planned(
    'a pod whose containers limit cpu and memory and request just that is Guaranteed',
    'guaranteed-pod-is-reported-so',
  ),
  15: seenIn(
    'a read-only root file system cannot be written to',
    SECURITY,
    'keep the root of the file system as it is where they are to, and stay within their seccomp profile',
  ),
  16: seenIn(
    "hostAliases are in the container's hosts file",
    SECURITY,
    'have the hosts file that Kubernetes writes, with their full name and aliases, unless they mount their own',
  ),
  17: seenIn(
    "the hosts file is the node agent's, but not on the node's network, nor where the container mounts one",
    SECURITY,
    'have the hosts file that Kubernetes writes, with their full name and aliases, unless they mount their own',
  ),
  21: alsoIn(
    seenIn(
      'user, group, privileges and a writable root are what pod and container say',
      SECURITY,
      'are of the user and the groups that the pod says, or the container, which also gives up to gain more',
      'keep the root of the file system as it is where they are to, and stay within their seccomp profile',
    ),
    'test/plans/plans.test.ts',
    'security is that of the container over its pods',
  ),
  22: alsoIn(
    seenIn(
      'safe kernel parameters are set, names that are none are refused at creation',
      SECURITY,
      'share memory and kernel parameters within a pod, and with no other',
    ),
    'test/unit/objects/validation-security.test.ts',
    'refuses names of kernel parameters that are none, and lets the node judge the others',
  ),
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
  26: seenIn(
    'one port of a node goes to several pods where address or protocol differ',
    SECURITY,
    'may have one port of the node each, where address or protocol differ',
  ),
  29: seenIn(
    "the node's network reaches pods by HTTP and by UDP",
    SECURITY,
    "have the machine's processes, IPC and network where they ask for them, and reach other pods from there",
  ),
});
