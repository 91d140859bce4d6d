/** Declares the test of a line that has one of its own, under the line's number and words. Called by the tests of this folder. */
import { titleOf } from './line.ts';
import { LINES } from './lines.ts';

export function conforms(id: string, test: () => Promise<void>): void {
  const line = LINES.find((each) => each.id === id);
  if (line?.evidence.by !== 'own') throw new Error(`the table of conformance has no line ${id} with a test of its own`);
  it(titleOf(line), test);
}
