/**
 * Names for the objects a loop makes. They look drawn by lot but are claims: they follow from what is being worked on and a count, so
 * that whoever repeats the work (after a crash, a lost answer, a change of leader) asks for the same names, and the store lets only
 * one of them have each. docs/decisions/0007 says why.
 */
import { createHash } from 'node:crypto';
import { nameSuffix } from '../ports/random.ts';

/** What of a base name fits before a dash and five characters, as Kubernetes cuts generated names. */
const MAX_BASE = 57;

/** `upper-`, to which the five characters are added. */
export function namePrefix(base: string): string {
  return `${base.slice(0, MAX_BASE)}-`;
}

/** What {@link namePrefix} made a name of. */
export function prefixOf(name: string): string {
  return name.slice(0, name.lastIndexOf('-') + 1);
}

/** The first `count` names for `claim` (an identity, and a version of it) that are not `taken`. */
export function claimedNames(base: string, claim: string, taken: readonly string[], count: number): string[] {
  const used = new Set(taken);
  const names: string[] = [];
  for (let nonce = 0; names.length < count; nonce++) {
    const name = namePrefix(base) + claimSuffix(`${claim}/${nonce}`);
    if (used.has(name)) continue;
    used.add(name);
    names.push(name);
  }
  return names;
}

function claimSuffix(claim: string): string {
  const digest = createHash('sha256').update(claim).digest();
  let at = 0;
  const next = () => digest.readUInt32BE(4 * at++) / 2 ** 32;
  return nameSuffix({ next, uuid: () => claim });
}
