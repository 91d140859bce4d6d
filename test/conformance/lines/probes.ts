/** What is asked of probes. */
import { group } from '../line.ts';

export const PROBES = group(2, 'Probes', {});
