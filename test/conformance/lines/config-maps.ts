/** What is asked of ConfigMaps. */
import { group, own } from '../line.ts';

export const CONFIG_MAPS = group(7, 'ConfigMap', {
  1: own('refuses an empty key'),
  2: own('is created, patched, listed by label across namespaces, and deleted as a collection'),
  6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
});
