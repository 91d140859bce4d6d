/**
 * What `nft monitor` prints of the kernel's ruleset, transaction by transaction. The nftables filter reads it to notice what others do
 * to its rules. Pure.
 */
import { TABLE } from './table-name.ts';

/** What one transaction did, as far as it concerns the filter. */
export interface RulesetTransaction {
  /** Whether it touched the filter's own table. */
  readonly ownTable: boolean;
  /** The token it added to the table's revision. */
  readonly token?: number;
  /** Whether it touched Docker's chain for the user's rules, or the table it lies in. */
  readonly dockerChain: boolean;
}

const OWN = new RegExp(`^\\w+ \\w+ ${TABLE}( |$)`);
const TOKEN = new RegExp(`^add element ${TABLE} revision \\{ 0x([0-9a-f]+) `);
const DOCKER_CHAIN = /^\w+ (?:(?:rule|chain) ip filter DOCKER-USER\b|table ip filter$)/;

export const RULESET_MONITOR = ['nft', 'monitor'] as const;

/** nft prints each change on a line, and after the last one of a transaction `# new generation 7 by process 123 (nft)`. */
export async function* transactionsOf(lines: AsyncIterable<string>): AsyncGenerator<RulesetTransaction, void> {
  let ownTable = false;
  let dockerChain = false;
  let token: number | undefined;
  for await (const line of lines) {
    if (line.startsWith('# new generation')) {
      yield { ownTable, dockerChain, ...(token !== undefined && { token }) };
      ownTable = false;
      dockerChain = false;
      token = undefined;
    } else {
      ownTable ||= OWN.test(line);
      dockerChain ||= DOCKER_CHAIN.test(line);
      const added = TOKEN.exec(line)?.[1];
      if (added !== undefined) token = Number.parseInt(added, 16);
    }
  }
}
