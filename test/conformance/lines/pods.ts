/** What is asked of pods and the kubelet. */
import { alsoIn, group, notYet, outOfScope, own, planned, seenIn } from '../line.ts';

const LIFE = 'test/e2e/pod-life.test.ts';
const KUBELET = 'test/unit/kubelet';
const CONFIG_E2E = 'test/e2e/pod-config.test.ts';
const CONFIG = 'test/unit/kubelet/config.test.ts';
const SECURITY = 'test/e2e/security.test.ts';
const REAL = 'test/e2e/real-manifests.test.ts';
const LATE = 'a pod that comes later knows the Services there are, runs, and goes, as a watch tells it';
const STREAMS = 'test/e2e/streams.test.ts';
const ENDPOINT = 'test/e2e/pod-network.test.ts';

export const PODS = group(1, 'Pods', {
  1: seenIn(
    'has a deadline that may come sooner on a live pod, which fails when it has passed',
    LIFE,
    'come when the time is up, which may be set sooner and not later',
  ),
  2: seenIn('is seen by a watch to come, to run, to be told to go and to be gone', REAL, LATE),
  3: own('is found by another label once a running pod has it'),
  4: seenIn('has variables for every Service that was there before it, as Docker links have them', REAL, LATE),
  5: own('is deleted as one of a collection with a label'),
  6: seenIn(
    'tells the address of its node',
    `${KUBELET}/kubelet.test.ts`,
    'runs with two creations, two starts and one write',
  ),
  7: own('keeps what is patched into its status'),
  8: own('is created, patched and deleted, its status read and replaced, each seen by a watch'),
  9: seenIn(
    'runs commands for clients that speak WebSocket, each output on its channel',
    STREAMS,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the title has it
    'tells outputs apart and gives the exit code (${protocol})',
  ),
  10: seenIn(
    'shows its log to clients that speak WebSocket, in bytes',
    'test/unit/streams/pod-logs.test.ts',
    'is binary, or base64 where that is asked for',
    'follows until the client goes',
  ),
  11: planned('is Guaranteed where every container limits what it requests', 'guaranteed-pod-is-reported-so'),
  12: seenIn('has both of its outputs in its log', REAL, LATE),
  13: seenIn('is deleted while it crashes again and again', LIFE, 'deletes a pod that crashes again and again'),
  14: seenIn(
    'tells the reason for which a container ended',
    LIFE,
    'are told apart: what cannot be run, what was killed for its memory, what failed',
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
  18: seenIn(
    "takes command and args in place of the image's entrypoint and command, one, the other or both",
    LIFE,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the title has it
    "take the place of the image's entrypoint and command: ${name}",
  ),
  19: seenIn(
    'restarts its containers always, on failure or never, and tells so in phase, counts and states',
    LIFE,
    'Always: a container that succeeds is started again',
    'OnFailure: one that fails is, one that succeeds is not',
    'Never: none is',
  ),
  20: seenIn(
    'shows what a container said last: from its file, also at a path of its own and as another user, or from its log when it failed',
    LIFE,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the title has it
    'are what the container said last: ${name}',
    'may be written by somebody else than root',
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
  27: alsoIn(
    seenIn(
      'takes ephemeral containers while it runs, one after another, and lets none go',
      'test/unit/apiserver/ephemeral-containers.test.ts',
      'adds to a pod what a patch brings, one after another',
      'lets none change or go',
    ),
    'test/e2e/debug.test.ts',
    'shows the processes and the network of the container it is aimed at',
  ),
  28: alsoIn(
    seenIn(
      'reaches other pods by HTTP and by UDP, on its node and on others',
      REAL,
      'a web server: its pages at the cluster IP and the node port, as nobody on a root that is read only',
    ),
    ENDPOINT,
    'lets pods reach each other as they are, and nodes all pods',
    'tells pods how large a packet gets through, and takes larger ones',
  ),
  29: seenIn(
    "the node's network reaches pods by HTTP and by UDP",
    SECURITY,
    "have the machine's processes, IPC and network where they ask for them, and reach other pods from there",
  ),
  30: own('a PodTemplate lives a whole life, seen by a watch'),
  31: notYet('a RuntimeClass lives a whole life', 'the group node.k8s.io is not served'),
  32: outOfScope(
    'pods run by the handler of their RuntimeClass, with its overhead',
    'the engine has one runtime for pods; runtimeClassName is refused by name',
  ),
});
