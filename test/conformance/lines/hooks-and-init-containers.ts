/** What is asked of lifecycle hooks and init containers. */
import { alsoIn, group, seenIn } from '../line.ts';

const HOOKS = 'test/unit/kubelet/hooks.test.ts';
const REAL = 'test/e2e/probes.test.ts';
const SEEN_FOR_REAL = 'run a hook before a container is said to run, and one before it stops';
const LIFE = 'test/e2e/pod-life.test.ts';
const INIT = 'test/unit/kubelet/init-containers.test.ts';

export const HOOKS_AND_INIT_CONTAINERS = group(3, 'Lifecycle hooks and init containers', {
  1: alsoIn(
    seenIn(
      'a postStart hook, by a command or over HTTP, runs after the start',
      HOOKS,
      'is run once, and the container is not said to run before it has ended',
      'by a request is content with any answer, and fails without one',
    ),
    REAL,
    SEEN_FOR_REAL,
  ),
  2: seenIn(
    'a preStop hook, by a command or over HTTP, runs before the end',
    HOOKS,
    'is run before the container is told to stop, and again for none',
    'by a request reaches the pod, by the name of a port',
  ),
  3: seenIn('a preStop hook is seen by another pod before its own is gone', REAL, SEEN_FOR_REAL),
  4: alsoIn(
    seenIn(
      'Init containers run in order to success before the others, whether those restart always or never',
      LIFE,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as the title has it
      "run one after another, each to its success, before the pod's own: ${name}",
    ),
    INIT,
    'run one after another, each to its success, before the pod itself',
  ),
  5: seenIn(
    'A failed init container fails a pod that restarts never, whose other containers never start',
    LIFE,
    'fail a pod that restarts nothing, whose own containers never start',
  ),
  6: seenIn(
    'A failed init container of a pod that restarts always is backed off, while the others wait and it is not initialized',
    LIFE,
    'are restarted with back-off in a pod that restarts always, while its own containers wait',
  ),
});
