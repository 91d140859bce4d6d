/**
 * What Kubernetes' conformance suite asks of an API server and of kubectl, one line each in our own words, and by which tests of ours it is
 * seen. The numbers are those of docs/conformance.md, which hack/conformance.ts makes of this table and of a run. Declares no test.
 */

/** `title` as the test's source has it: what it fills into `${...}` matches anything. */
export interface TestRef {
  readonly file: string;
  readonly title: string;
}

export type Evidence =
  /** By one in this folder that bears the line's number: {@link conforms}. */
  | { readonly by: 'own' }
  | { readonly by: 'tests'; readonly tests: readonly TestRef[] }
  | { readonly by: 'nothing'; readonly verdict: 'out of scope' | 'not yet'; readonly reason: string };

export interface Line {
  /** `10.2`: the group, and which of its lines. */
  readonly id: string;
  readonly words: string;
  readonly evidence: Evidence;
  /** What the line asks beside that, and is not there. */
  readonly lacking?: string;
}

export interface Group {
  readonly number: number;
  readonly title: string;
  readonly lines: readonly Line[];
}

type Entry = Omit<Line, 'id'>;

const own = (words: string, lacking?: string): Entry => ({
  words,
  evidence: { by: 'own' },
  ...(lacking !== undefined && { lacking }),
});
const seenIn = (words: string, file: string, ...titles: string[]): Entry => ({
  words,
  evidence: { by: 'tests', tests: titles.map((title) => ({ file, title })) },
});
const notYet = (words: string, reason: string): Entry => ({
  words,
  evidence: { by: 'nothing', verdict: 'not yet', reason },
});
const outOfScope = (words: string, reason: string): Entry => ({
  words,
  evidence: { by: 'nothing', verdict: 'out of scope', reason },
});

function group(number: number, title: string, entries: Readonly<Record<number, Entry>>): Group {
  return {
    number,
    title,
    lines: Object.entries(entries).map(([line, entry]) => ({ id: `${number}.${line}`, ...entry })),
  };
}

const SEMANTICS = 'test/unit/apiserver/semantics';
const DISCOVERY = 'test/unit/apiserver/discovery/discovery.test.ts';
const PROPAGATION = 'test/unit/garbage-collector/propagation.test.ts';
const VOLUMES = 'test/e2e/volumes.test.ts';
const NO_DEPLOYMENT = 'the group apps (Deployment, ReplicaSet) is not served';

/** The lines of 7 and 8 that are about the API; the others need pods, and are of the kubelet. */
export const GROUPS: readonly Group[] = [
  group(7, 'ConfigMap', {
    1: own('refuses an empty key'),
    2: own('is created, patched, listed by label across namespaces, and deleted as a collection'),
    6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
  }),
  group(8, 'Secret', {
    1: own('refuses an empty key'),
    2: own('is created, listed, patched in base64, and deleted as a collection by label'),
    6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
  }),
  group(10, 'Namespace', {
    1: seenIn(
      'deleted, takes its pods along',
      'test/unit/namespace/namespace.test.ts',
      'empties a namespace that is deleted, waits for what stops gracefully, then lets it go',
    ),
    2: own('deleted, takes its Services along, and made again is empty'),
    3: own('has its labels patched'),
    4: own('has its labels updated'),
    5: seenIn(
      'gains and loses a finalizer of its spec through /finalize',
      `${SEMANTICS}/deletions.test.ts`,
      'has finalizers that an update leaves alone and finalize alone may change',
    ),
    6: own('has its status patched and updated: conditions, while it is Active'),
  }),
  group(11, 'Events', {
    1: own('of the core group are created, listed, patched, updated with a series, and deleted, one or a collection'),
    2: seenIn(
      'of events.k8s.io live the same life, and both groups show the same ones',
      'test/unit/apiserver/semantics/events-v1.test.ts',
      'shows what the core group has, in its own words, and the other way round',
      'is patched in its own words',
    ),
  }),
  group(12, 'Node, Lease, ServiceAccount', {
    1: own('a node is created, read, patched, listed by label, updated and deleted'),
    2: seenIn(
      'pods leave a node with a NoExecute taint when their time is up, and stay where it goes in time',
      'test/unit/node-lifecycle/node-lifecycle.test.ts',
      'drives away at once what does not tolerate it, and others when their time is up',
      'does nothing more once it is taken away',
    ),
    3: outOfScope('two schedulable nodes', 'one daemon makes one node; a second machine brings the second'),
    4: own('a Lease lives a whole life, and a collection leaves the one without the label'),
    5: own('a ServiceAccount lives a whole life under a watch'),
    6: own('a ServiceAccount is updated'),
    7: seenIn(
      'token, authority and namespace lie in every pod',
      VOLUMES,
      "hold the account's token, the authority and the namespace, for reading only",
    ),
    8: own('whether a token is mounted is said by the pod, else by its account: nine combinations'),
    9: notYet('a projected token is read by another user and group', 'no test runs as another user and group yet'),
    10: seenIn(
      'the authority is in every namespace, and is put back and put right',
      'test/unit/service-accounts/service-accounts.test.ts',
      'gives each namespace its account and the authority, also one that comes later',
      'makes them again when they are deleted, and puts the authority right when it is changed',
    ),
    11: seenIn(
      "the issuer's discovery documents are enough to check a token",
      'test/unit/apiserver/access/reviews.test.ts',
      'let others check tokens by themselves',
    ),
    12: seenIn(
      'SubjectAccessReviews say what then happens',
      'test/unit/apiserver/access/reviews.test.ts',
      'tell a user what he may do, by the authority that decides on requests',
      'tell who may ask what others may do',
    ),
    13: outOfScope(
      'CertificateSigningRequests',
      'certificates are issued by the daemon itself; the kind is not served',
    ),
  }),
  group(13, 'kubectl', {
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
  }),
  group(20, 'API machinery', {
    1: seenIn('the version is told in numbers', DISCOVERY, 'tells the version in numbers, and as kubectl reads it'),
    2: seenIn(
      'every group prefers a version that it has',
      DISCOVERY,
      'lists the other groups, each with a preferred version that it has',
    ),
    3: seenIn(
      'every group-version lists its resources',
      DISCOVERY,
      'lists the resources of each group-version, and at least one',
    ),
    4: seenIn(
      'aggregated discovery has the built-in resources',
      DISCOVERY,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the title's own
      'answers in two requests where ${version} is asked for',
    ),
    5: seenIn(
      'aggregated discovery is answered in the type that Accept names',
      DISCOVERY,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the title's own
      'answers in two requests where ${version} is asked for',
      'tells the plain and the aggregated form of one path apart by their ETags',
    ),
    6: own('a watch tells of additions, changes and deletions only whom its labels concern'),
    7: seenIn(
      'a watch from an older version replays only what came later',
      `${SEMANTICS}/watches.test.ts`,
      'after the version it is given, and misses nothing since',
    ),
    8: own('a watch opened again at the last version misses nothing'),
    9: seenIn(
      'leaving the selector is DELETED, coming back ADDED',
      `${SEMANTICS}/watches.test.ts`,
      'calls entering ADDED, leaving DELETED, and tells nothing of what it never showed',
    ),
    10: seenIn(
      'watches side by side see one order of versions',
      `${SEMANTICS}/watches.test.ts`,
      'the same order of versions to every watcher, each newer than the one before',
    ),
    11: seenIn(
      'pages keep to their limit and one version, and count what remains',
      `${SEMANTICS}/lists.test.ts`,
      'tells how many remain, at one version whatever happens meanwhile',
      'ends with a page that is just full',
    ),
    12: seenIn(
      'an expired continue token is told where to go on',
      `${SEMANTICS}/lists.test.ts`,
      'that is too old to go on says where the rest can be had, as of now',
    ),
    13: own('what cannot be a table answers 406 to who takes nothing else'),
    14: seenIn(
      'strict validation refuses unknown and duplicate fields',
      `${SEMANTICS}/writes.test.ts`,
      'is refused where it is to be strict, with all of them',
    ),
    15: own('strict validation refuses unknown fields of the metadata'),
    16: seenIn(
      'the pods of a deleted rc go, stay, or go first, as is asked for',
      PROPAGATION,
      'background: the controller goes first',
      'orphan: the controller goes, its pods stay and have no owner',
      'foreground: the controller stays until its pods are gone, and makes no others',
    ),
    17: notYet('the same for a Deployment', NO_DEPLOYMENT),
    18: seenIn(
      'a dependent that a living owner holds too is kept',
      PROPAGATION,
      'keeps a pod that a living controller owns too, without the owner that goes in the foreground',
    ),
    19: seenIn('owners in a circle go', PROPAGATION, 'is not held up by owners in a circle'),
    20: own('a ResourceQuota lives a whole life, and has its status patched and updated'),
    21: seenIn(
      "a quota's status is counted promptly",
      'test/unit/resource-quota/resource-quota.test.ts',
      'counts what was there before, what comes and what goes',
    ),
    22: own(
      'a quota counts pods with what they ask for, controllers, Services, ConfigMaps and Secrets',
      'of what pods ask for, CPU and memory only: nothing here would give out ephemeral storage or extended resources',
    ),
    23: notYet('a quota counts ReplicaSets', NO_DEPLOYMENT),
    24: seenIn(
      'a quota counts in its scopes only',
      'test/unit/kit/admission/resource-quotas.test.ts',
      'count in their scopes only',
    ),
  }),
];

export const LINES: readonly Line[] = GROUPS.flatMap(({ lines }) => lines);

/** The title of the line's own test. */
export function titleOf({ id, words }: Line): string {
  return `${id} ${words}`;
}
