/**
 * Watches the kernel's ruleset through `nft monitor`, transaction by transaction. The nftables filter reads it to notice what
 * others do to its rules; it changes nothing and costs nothing while nobody changes rules.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { runCommand } from './command.ts';
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

/** Until `signal` aborts, or nft ends by itself (its kernel buffer overran, it is not installed): the caller starts anew. */
export async function* rulesetTransactions(signal: AbortSignal): AsyncGenerator<RulesetTransaction, void> {
  const [program, ...args] = [...(await bondOfChildren()), 'nft', 'monitor'] as const;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    yield* transactionsOf(createInterface({ input: child.stdout }));
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}

/**
 * What makes the kernel end a program with this process (PR_SET_PDEATHSIG): a killed daemon's nft would live until it next had
 * something to write. `setpriv` becomes the program and is no process beside it. Nothing where it is missing, or BusyBox's.
 */
async function bondOfChildren(): Promise<readonly string[]> {
  const bond = ['setpriv', '--pdeathsig', 'KILL'] as const;
  return (await runCommand(bond[0], [...bond.slice(1), 'true'])).code === 0 ? bond : [];
}

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
