/** `sampan token` on the command line: its three subcommands and their flags. config.ts puts it beside the others. */
import { resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { duration } from './flag-values.ts';

export type TokenConfig = { readonly dataDir: string } & (
  | {
      readonly action: 'create';
      /** 0: it does not expire. */
      readonly ttlMs: number;
      readonly description: string;
      /** Good for any number of machines. */
      readonly reusable: boolean;
    }
  | { readonly action: 'list' }
  | { readonly action: 'revoke'; readonly id: string }
);

interface CreateFlags {
  dataDir: string;
  ttl: number;
  description: string;
  reusable: boolean;
}

/** `dataDir`: the option by which a daemon is found; one for each subcommand. */
export function tokenCommand(
  command: Command,
  dataDir: () => Option,
  run: (config: TokenConfig) => Promise<void>,
): Command {
  command.description('join tokens, with which machines become nodes (sampan agent --token-file)');
  command
    .command('create')
    .description('print a new token; it is shown this once')
    .addOption(dataDir())
    .option('--ttl <time>', 'how long it is good; 0s: until it is revoked', duration, duration('24h'))
    .option('--description <text>', 'what it is for', '')
    .option('--reusable', 'for any number of machines; default: for one', false)
    .action(({ dataDir: folder, ttl: ttlMs, description, reusable }: CreateFlags) =>
      run({ action: 'create', dataDir: resolve(folder), ttlMs, description, reusable }),
    );
  command
    .command('list')
    .description('show which there are, without their secrets')
    .addOption(dataDir())
    .action((flags: { dataDir: string }) => run({ action: 'list', dataDir: resolve(flags.dataDir) }));
  command
    .command('revoke')
    .description('make a token good for nothing; nodes that have joined with it stay')
    .argument('<id>', 'the first part of it, up to the dot')
    .addOption(dataDir())
    .action((id: string, flags: { dataDir: string }) => run({ action: 'revoke', dataDir: resolve(flags.dataDir), id }));
  return command;
}
