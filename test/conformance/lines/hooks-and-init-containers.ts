/** What is asked of lifecycle hooks and init containers. */
import { alsoIn, group, seenIn } from '../line.ts';

const HOOKS = 'test/unit/kubelet/hooks.test.ts';
const REAL = 'test/e2e/probes.test.ts';
const SEEN_FOR_REAL = 'run a hook before a container is said to run, and one before it stops';

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
});
