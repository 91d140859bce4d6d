/** What is asked of lifecycle hooks and init containers. */
import { group } from '../line.ts';

export const HOOKS_AND_INIT_CONTAINERS = group(3, 'Lifecycle hooks and init containers', {});
