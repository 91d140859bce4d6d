/**
 * What every store enforces alike, so that code which works on one works on all: the order of keys, what a prefix covers, and
 * the size of a transaction (etcd's rules). The stores call it; it keeps nothing and reads nothing.
 */
import { SampanError } from './errors.ts';
import type { Transaction } from './store.ts';

/** etcd's default --max-txn-ops, which counts conditions and writes separately. */
const MOST_OPERATIONS = 128;
const LAST_CODE_POINT = 0x10ffff;
const SURROGATES = { first: 0xd800, last: 0xdfff };

/** Orders keys by their UTF-8 bytes, as etcd and SQLite do. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The first key after all that start with `prefix`; undefined where there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  const next = last + 1 === SURROGATES.first ? SURROGATES.last + 1 : last + 1;
  return String.fromCodePoint(...points, next);
}

/** The first key a list of `prefix` that goes on after the key `after` may hold. */
export function listStart(prefix: string, after: string | undefined): string {
  return after === undefined || compareKeys(after, prefix) < 0 ? prefix : `${after}\0`;
}

/** Throws BadRequest for a transaction that etcd would not take. */
export function checkTransaction({ conditions, writes }: Transaction): void {
  const count = Math.max(conditions.length, writes.length);
  if (count > MOST_OPERATIONS) {
    const detail = `a transaction of ${count} keys is more than the ${MOST_OPERATIONS} a store takes at once; split it`;
    throw new SampanError('BadRequest', { detail });
  }
  const keys = new Set<string>();
  for (const { key } of writes) {
    if (keys.has(key)) throw new SampanError('BadRequest', { detail: `a transaction must not write ${key} twice` });
    keys.add(key);
  }
}

/** JavaScript's own order puts surrogates, which stand for the code points beyond U+FFFF, before U+E000 to U+FFFF. */
function rank(unit: number): number {
  return unit >= SURROGATES.first && unit <= SURROGATES.last ? unit + LAST_CODE_POINT : unit;
}
