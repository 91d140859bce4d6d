/** What is asked of the machinery of the API: discovery, watches, lists, validation, garbage collection, quotas. */
import { group, notYet, own, seenIn } from '../line.ts';

const SEMANTICS = 'test/unit/apiserver/semantics';
const DISCOVERY = 'test/unit/apiserver/discovery/discovery.test.ts';
const PROPAGATION = 'test/unit/garbage-collector/propagation.test.ts';
const NO_DEPLOYMENT = 'the group apps (Deployment, ReplicaSet) is not served';

export const API_MACHINERY = group(20, 'API machinery', {
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
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands there, once for each way to say it
    'count in their scopes only, said by ${how}',
  ),
});
