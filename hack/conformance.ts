/**
 * Runs the tests that test/conformance/lines/ names and writes docs/conformance.md of what became of them. Run by hand, as root,
 * with Docker's parts installed, for some of them are end-to-end; given files that hack/test-reporter.ts wrote, it takes the outcomes from
 * there and runs nothing. Exits 1 where a line failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINES } from '../test/conformance/lines.ts';
import { conformancePage, resultOf, testsOf } from '../test/conformance/report.ts';
import type { TestOutcome } from './test-reporter.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/conformance.md');

const folder = mkdtempSync(join(tmpdir(), 'sampan-conformance-'));
try {
  const outcomes = (process.argv.length > 2 ? process.argv.slice(2) : runAll(join(folder, 'outcomes'))).flatMap(
    outcomesIn,
  );
  writeFileSync(PAGE, conformancePage(outcomes));
  process.exitCode = LINES.some((line) => resultOf(line, outcomes) === 'failed') ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

/** The file that holds what became of them. */
function runAll(outcomesFile: string): string[] {
  for (const specs of runs()) runMocha(specs, outcomesFile);
  if (!existsSync(outcomesFile)) throw new Error('no test ran: see what mocha said above');
  return [outcomesFile];
}

function outcomesIn(path: string): TestOutcome[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as TestOutcome);
}

/** The files of one run each: end-to-end tests have a run of their own, as in hack/test. */
function runs(): readonly string[][] {
  const files = [
    ...new Set(LINES.flatMap(testsOf).map(({ file }) => (file.endsWith('/') ? `${file}*.test.ts` : file))),
  ];
  const [endToEnd, others] = [true, false].map((is) => files.filter((file) => file.startsWith('test/e2e/') === is));
  return [others ?? [], endToEnd ?? []].filter(({ length }) => length > 0);
}

/** Not with the project's configuration, whose list of files would be run too. */
function runMocha(specs: readonly string[], outcomesFile: string): void {
  const reporter = join(import.meta.dirname, 'test-reporter.ts');
  const flags = ['--no-config', '--timeout', '120000', '--reporter', reporter];
  const { error } = spawnSync(join(ROOT, 'node_modules/.bin/mocha'), [...flags, ...specs], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, SAMPAN_TEST_OUTCOMES: outcomesFile },
  });
  if (error) throw new Error('mocha could not be started', { cause: error });
}
