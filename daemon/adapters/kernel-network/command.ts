/** Runs a short command (nft, iptables, ip, conntrack) to its end. The nftables adapter's files call it; never through a shell. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  /** 127, as a shell says it, where the program is not installed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 30_000;
const NOT_INSTALLED = 127;

/** Resolves whatever the exit code; `input` is what the command reads. A command that hangs is killed after 30 s. */
export function runCommand(program: string, args: readonly string[], input = ''): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: NOT_INSTALLED, stdout, stderr: `${program} is not installed` });
      else reject(error);
    });
    child.on('close', (code, signal) => {
      resolve({
        code: code ?? 1,
        stdout,
        stderr: signal === null ? stderr : `${stderr}${program} was ended by ${signal}`,
      });
    });
    child.stdin.on('error', () => {}); // it may end without reading its input; its exit code tells
    child.stdin.end(input);
  });
}

export function isNotInstalled(result: CommandResult): boolean {
  return result.code === NOT_INSTALLED;
}
