/** What is asked of Services, endpoints and proxying. */
import { group } from '../line.ts';

export const SERVICES = group(5, 'Services, endpoints, proxying', {});
