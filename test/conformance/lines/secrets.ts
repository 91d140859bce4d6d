/** What is asked of Secrets. */
import { group, own } from '../line.ts';

export const SECRETS = group(8, 'Secret', {
  1: own('refuses an empty key'),
  2: own('is created, listed, patched in base64, and deleted as a collection by label'),
  6: own('once immutable, keeps its data and stays immutable, but changes labels and goes'),
});
