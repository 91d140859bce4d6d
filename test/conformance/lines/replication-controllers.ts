/** What is asked of ReplicationControllers. */
import { group } from '../line.ts';

export const REPLICATION_CONTROLLERS = group(4, 'ReplicationController', {});
