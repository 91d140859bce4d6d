/** What is asked of pods and the kubelet. */
import { alsoIn, group, planned, seenIn } from '../line.ts';

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
    'have the hosts file that Kubernetes writes, with their full name and aliases',
  ),
  17: alsoIn(
    seenIn(
      "the hosts file is the node agent's, but not on the node's network",
      SECURITY,
      'have the hosts file that Kubernetes writes, with their full name and aliases',
    ),
    'test/unit/kubelet/pod-files.test.ts',
    'is not for containers that mount a volume there, however they write the path',
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
