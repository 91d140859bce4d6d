/** What is asked of lifecycle hooks and init containers. */
import { alsoIn, group, seenIn } from '../line.ts';

const LIFE = 'test/e2e/pod-life.test.ts';
const INIT = 'test/unit/kubelet/init-containers.test.ts';

export const HOOKS_AND_INIT_CONTAINERS = group(3, 'Lifecycle hooks and init containers', {
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
