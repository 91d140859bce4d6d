/** What is asked of cluster DNS. */
import { group } from '../line.ts';

export const DNS = group(6, 'DNS', {});
