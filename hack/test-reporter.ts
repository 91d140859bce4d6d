/**
 * mocha's "spec" report, and the counts appended as one line `passed failed pending` to the file that $SAMPAN_TEST_COUNTS names.
 * hack/test runs mocha with it, several times, and adds the lines up.
 */
import { appendFileSync } from 'node:fs';
import mocha from 'mocha';

export default class CountingSpec extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    runner.once(mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.SAMPAN_TEST_COUNTS;
      if (file) appendFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}
