/** What is asked of Namespaces. */
import { group, own, seenIn } from '../line.ts';

const SEMANTICS = 'test/unit/apiserver/semantics';

export const NAMESPACES = group(10, 'Namespace', {
  1: seenIn(
    'deleted, takes its pods along',
    'test/unit/namespace/namespace.test.ts',
    'empties a namespace that is deleted, waits for what stops gracefully, then lets it go',
  ),
  2: own('deleted, takes its Services along, and made again is empty'),
  3: own('has its labels patched'),
  4: own('has its labels updated'),
  5: seenIn(
    'gains and loses a finalizer of its spec through /finalize',
    `${SEMANTICS}/deletions.test.ts`,
    'has finalizers that an update leaves alone and finalize alone may change',
  ),
  6: own('has its status patched and updated: conditions, while it is Active'),
});
