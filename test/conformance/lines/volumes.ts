/** What is asked of volumes beside those of one ConfigMap or Secret. */
import { group } from '../line.ts';

export const VOLUMES = group(9, 'EmptyDir, projected, downward API, subPath', {});
