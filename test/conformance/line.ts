/**
 * A line of what Kubernetes' conformance suite asks, in our own words, and by which tests of ours it is seen: the words that the tables
 * in lines/ are written with. Declares no test.
 */

/** `title` as the test's source has it: what it fills into `${...}` matches anything. */
export interface TestRef {
  readonly file: string;
  readonly title: string;
}

export type Evidence =
  /** By one in this folder that bears the line's number: {@link conforms}. */
  | { readonly by: 'own' }
  | { readonly by: 'tests'; readonly tests: readonly TestRef[] }
  | { readonly by: 'nothing'; readonly verdict: 'out of scope' | 'not yet'; readonly reason: string };

export interface Line {
  /** `10.2`: the group, and which of its lines. */
  readonly id: string;
  readonly words: string;
  readonly evidence: Evidence;
  /** What the line asks beside that, and is not there. */
  readonly lacking?: string;
}

export interface Group {
  readonly number: number;
  readonly title: string;
  readonly lines: readonly Line[];
}

/** Where each golden plan is a test of its own. */
export const PLANS = 'test/plans/plans.test.ts';

type Entry = Omit<Line, 'id'>;

export const own = (words: string, lacking?: string): Entry => ({
  words,
  evidence: { by: 'own' },
  ...(lacking !== undefined && { lacking }),
});
export const seenIn = (words: string, file: string, ...titles: string[]): Entry => ({
  words,
  evidence: { by: 'tests', tests: titles.map((title) => ({ file, title })) },
});
/** The plans are one test file; `cases` are names of golden files, without `.given.yaml`. */
export const planned = (words: string, ...cases: string[]): Entry =>
  seenIn(words, PLANS, ...cases.map((each) => each.replaceAll('-', ' ')));
/** What it takes other tests besides to see it. */
export const alsoIn = (entry: Entry, file: string, ...titles: string[]): Entry => {
  if (entry.evidence.by !== 'tests') throw new Error(`${entry.words}: no tests to add others to`);
  const added = titles.map((title) => ({ file, title }));
  return { ...entry, evidence: { by: 'tests', tests: [...entry.evidence.tests, ...added] } };
};
export const notYet = (words: string, reason: string): Entry => ({
  words,
  evidence: { by: 'nothing', verdict: 'not yet', reason },
});
export const outOfScope = (words: string, reason: string): Entry => ({
  words,
  evidence: { by: 'nothing', verdict: 'out of scope', reason },
});

export function group(number: number, title: string, entries: Readonly<Record<number, Entry>>): Group {
  return {
    number,
    title,
    lines: Object.entries(entries).map(([line, entry]) => ({ id: `${number}.${line}`, ...entry })),
  };
}

/** The title of the line's own test. */
export function titleOf({ id, words }: Line): string {
  return `${id} ${words}`;
}
