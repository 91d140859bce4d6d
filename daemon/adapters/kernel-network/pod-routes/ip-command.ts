/** `ip` and `bridge` with their answers as JSON and their changes in batches. The pod routes' files call it. */
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import { runCommand } from '../command.ts';

/** An empty list where there is no such thing. */
export async function listJson<T>(program: 'ip' | 'bridge', ...args: string[]): Promise<T[]> {
  const { code, stdout, stderr } = await runCommand(program, ['-j', ...args]);
  if (code !== 0 && /Cannot find device|does not exist/.test(stderr)) return [];
  if (code !== 0) throw failure(`${program} ${args.join(' ')}`, stderr);
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]);
}

/** Unless it is `harmless`, what it answers instead is thrown. */
export async function ip(args: readonly string[], harmless?: RegExp): Promise<void> {
  const { code, stderr } = await runCommand('ip', args);
  if (code !== 0 && harmless?.test(stderr) !== true) throw failure(`ip ${args.join(' ')}`, stderr);
}

/** Each by itself, in one process; answers what could not be done. */
export async function batch(program: 'ip' | 'bridge', lines: readonly string[], harmless?: RegExp): Promise<string[]> {
  if (lines.length === 0) return [];
  const { code, stderr } = await runCommand(program, ['-force', '-batch', '-'], `${lines.join('\n')}\n`);
  return code === 0 ? [] : refusalsOf(program, lines, stderr).filter((refusal) => harmless?.test(refusal) !== true);
}

/** `Error: Nexthop has invalid gateway.` and, after it, `Command failed -:3`. */
function refusalsOf(program: string, lines: readonly string[], stderr: string): string[] {
  let said: string[] = [];
  const refusals: string[] = [];
  for (const text of stderr.trim().split('\n')) {
    const line = /^Command failed -:(\d+)/.exec(text)?.[1];
    if (line === undefined) said.push(text);
    else {
      refusals.push(`${program} ${lines[Number(line) - 1] ?? ''}: ${said.join(' ')}`);
      said = [];
    }
  }
  return refusals.length > 0 ? refusals : [`${program}: ${stderr.trim()}`];
}

export function failure(what: string, stderr: string): SampanError {
  return new SampanError('PodRoutesFailed', { detail: `${what}: ${stderr.trim()}` });
}
