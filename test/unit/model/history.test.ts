/** The checker of histories finds what it is there to find: each case is one true history with one lie in it. */
import assert from 'node:assert/strict';
import { type History, type Read, violationsOf, type Watch, type Write } from '../../model/history.ts';

const KEY = 'register';
const version = (revision: number, value: string) => ({ key: KEY, value, revision });
const write = (value: string, base: number, outcome: Write['outcome'], at: number, client = 'a'): Write => ({
  client,
  key: KEY,
  value,
  base,
  outcome,
  invokedAt: at,
  endedAt: at + 1,
});
const read = (revision: number, value: string, at: number, client = 'a'): Read => ({
  ...version(revision, value),
  client,
  invokedAt: at,
  endedAt: at + 1,
});
const watch = (...seen: [number, string][]): Watch => ({
  watcher: 'w',
  after: 1,
  seen: seen.map(([revision, value]) => version(revision, value)),
});

/** 1: zero, then one, then two (whose answer was lost), then three; a fourth was refused. */
const TRUE: History = {
  first: [version(1, 'zero')],
  writes: [
    write('one', 1, 2, 10),
    write('two', 2, 'unknown', 20, 'b'),
    write('three', 5, 6, 40),
    write('four', 5, 'refused', 40, 'b'),
    write('five', 6, 'unknown', 50, 'b'),
  ],
  reads: [read(1, 'zero', 5), read(2, 'one', 15, 'b'), read(5, 'two', 30), read(6, 'three', 45, 'b')],
  watches: [watch([2, 'one'], [5, 'two'], [6, 'three'])],
  last: [version(6, 'three')],
};

describe('the checker of histories', () => {
  it('finds nothing in a true one, where answers were lost', () => {
    assert.deepEqual(violationsOf(TRUE), []);
  });

  const lies: [string, Partial<History>, RegExp][] = [
    [
      'an acknowledged write that is gone',
      { writes: [...TRUE.writes, write('six', 6, 7, 60)], watches: [] },
      /six was acknowledged at revision 7, and is gone/,
    ],
    [
      'an update that was lost under another',
      { writes: [...TRUE.writes.filter(({ value }) => value !== 'three'), write('three', 2, 6, 40)] },
      /three at revision 6 replaced revision 2, but what was there is 5/,
    ],
    [
      'a write that was carried out twice',
      { watches: [watch([2, 'one'], [5, 'two'], [6, 'three'], [8, 'three'])], last: [version(8, 'three')] },
      /three at revision 8: the write was carried out twice/,
    ],
    [
      'a write that was refused and carried out',
      { last: [version(7, 'four')], watches: [] },
      /four at revision 7: that write was refused/,
    ],
    ['a value from nowhere', { last: [version(7, 'ghost')], watches: [] }, /ghost at revision 7: nobody wrote that/],
    [
      'two values of one revision',
      { reads: [...TRUE.reads, read(6, 'two', 70)] },
      /at revision 6 was both three and two/,
    ],
    [
      'a read that goes back',
      { reads: [...TRUE.reads, read(5, 'two', 60, 'b')] },
      /b read register at revision 5 after a had known revision 6/,
    ],
    [
      'a read of the future',
      { reads: [...TRUE.reads, read(6, 'three', 33)] },
      /a read register = three before it was written/,
    ],
    ['a watch that misses a version', { watches: [watch([2, 'one'], [6, 'three'])] }, /w missed register = two/],
    [
      'a watch out of order',
      { watches: [watch([5, 'two'], [2, 'one'], [6, 'three'])] },
      /w saw register = one at revision 2 after 5/,
    ],
    [
      'a watch that sees a version twice',
      { watches: [watch([2, 'one'], [5, 'two'], [5, 'two'], [6, 'three'])] },
      /w saw register = two at revision 5 after 5/,
    ],
  ];
  for (const [what, lie, expected] of lies) {
    it(`finds ${what}`, () => {
      const found = violationsOf({ ...TRUE, ...lie });
      assert.ok(
        found.some((violation) => expected.test(violation)),
        found.join('\n') || 'nothing was found',
      );
    });
  }
});
