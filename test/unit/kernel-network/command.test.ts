/** Commands through the shell beside the daemon: as if they had been started directly. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../daemon/adapters/kernel-network/command.ts';
import { CommandShell } from '../../../daemon/adapters/kernel-network/command-shell.ts';
import { eventually } from '../../e2e/harness/eventually.ts';

const COMMAND = join(import.meta.dirname, '../../../daemon/adapters/kernel-network/command.ts');

describe('a command', () => {
  it('gives its exit code and what it printed on both streams', async () => {
    const result = await runCommand('sh', ['-c', 'printf out; printf err >&2; exit 3']);
    assert.deepEqual(result, { code: 3, stdout: 'out', stderr: 'err' });
  });

  it('gets its arguments as they are, whatever a shell would make of them', async () => {
    const words = ['a b', "it's", '$HOME', '`id`', '*', '', '\\', '"', 'two\nlines', '; exit 9', 'ä'];
    const { stdout } = await runCommand('printf', ['[%s]', ...words]);
    assert.equal(stdout, words.map((word) => `[${word}]`).join(''));
  });

  it('reads its input, however large, and nothing where there is none', async () => {
    const input = `${'$HOME `id` \\ \'"\n'.repeat(50_000)}end`;
    const { stdout } = await runCommand('cat', [], input);
    assert.equal(stdout.trimEnd(), input);
    assert.deepEqual(await runCommand('cat', []), { code: 0, stdout: '', stderr: '' });
  });

  it('may leave its input unread', async () => {
    assert.equal((await runCommand('true', [], 'x\n'.repeat(100_000))).code, 0);
    assert.equal((await runCommand('echo', ['next'])).stdout, 'next\n');
  });

  it('is told of as not installed, with exit code 127, where it is not', async () => {
    const result = await runCommand('sampan-no-such-program', ['x']);
    assert.deepEqual(result, { code: 127, stdout: '', stderr: 'sampan-no-such-program is not installed' });
  });

  it('runs beside others, each with its own answer', async () => {
    const numbers = Array.from({ length: 20 }, (_, each) => `${each}`);
    const results = await Promise.all(numbers.map((each) => runCommand('sh', ['-c', `sleep 0.01; echo ${each}`])));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.trim()),
      numbers,
    );
  });

  it('that hangs is killed with its shell, and says so', async () => {
    const shell = new CommandShell();
    const { code, stderr } = await shell.run(['sleep', '60'], '', 50);
    assert.equal(code, 1);
    assert.match(stderr, /ended by SIGKILL/);
    assert.equal(shell.isUsable, false);
  });

  it('is answered at once by a shell that ended meanwhile', async () => {
    const shell = new CommandShell();
    await shell.run(['true'], '', 1000);
    shell.kill();
    assert.equal((await shell.run(['true'], '', 1000)).code, 1);
    assert.equal((await shell.run(['true'], '', 1000)).code, 1);
  });

  it('leaves nothing that keeps the process from ending, and no shell behind it', async () => {
    const script = `import { runCommand } from ${JSON.stringify(COMMAND)};
      console.log((await runCommand('sh', ['-c', 'echo $PPID'])).stdout.trim());`;
    const shell = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim();
    assert.match(shell, /^\d+$/);
    await eventually(() => !existsSync(`/proc/${shell}`), { describe: 'the shell to end', timeoutMs: 5000 });
  });
});
