/** Runs a short command (nft, iptables, ip, conntrack) to its end. The files of this adapter call it, several at once. */
import { type CommandResult, CommandShell } from './command-shell.ts';

export type { CommandResult };

const TIMEOUT_MS = 30_000;
const NOT_INSTALLED = 127;
const MOST_AT_ONCE = 4;

const idle: CommandShell[] = [];
const waiting: (() => void)[] = [];
let busy = 0;

/** Resolves whatever the exit code; `input` is what the command reads. A command that hangs is killed after 30 s. */
export async function runCommand(program: string, args: readonly string[], input = ''): Promise<CommandResult> {
  while (busy >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  busy += 1;
  try {
    const shell = takeShell();
    const result = await shell.run([program, ...args], input, TIMEOUT_MS);
    if (shell.isUsable) idle.push(shell);
    return isNotInstalled(result) ? { ...result, stderr: `${program} is not installed` } : result;
  } finally {
    busy -= 1;
    waiting.shift()?.();
  }
}

function takeShell(): CommandShell {
  for (;;) {
    const shell = idle.pop();
    if (shell === undefined) return new CommandShell();
    if (shell.isUsable) return shell;
  }
}

export function isNotInstalled(result: CommandResult): boolean {
  return result.code === NOT_INSTALLED;
}
