/**
 * mocha's "spec" report, and for scripts: the counts appended as one line `passed failed pending` to the file that $SAMPAN_TEST_COUNTS
 * names (hack/test runs mocha several times and adds the lines up), and what became of each test, one line of JSON each, to the file
 * that $SAMPAN_TEST_OUTCOMES names (hack/conformance.ts reads them).
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import mocha from 'mocha';

export interface TestOutcome {
  /** From the root of the checkout. */
  readonly file: string;
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'pending';
}

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = mocha.Runner.constants;

export default class CountingSpec extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    runner.on(EVENT_TEST_PASS, (test) => writeOutcome(test, 'passed'));
    runner.on(EVENT_TEST_FAIL, (test) => writeOutcome(test, 'failed'));
    runner.on(EVENT_TEST_PENDING, (test) => writeOutcome(test, 'pending'));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.SAMPAN_TEST_COUNTS;
      if (file) appendFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}

function writeOutcome({ file = '', title }: mocha.Test, outcome: TestOutcome['outcome']): void {
  const path = process.env.SAMPAN_TEST_OUTCOMES;
  if (!path) return;
  const line: TestOutcome = { file: relative(process.cwd(), file), title, outcome };
  appendFileSync(path, `${JSON.stringify(line)}\n`);
}
