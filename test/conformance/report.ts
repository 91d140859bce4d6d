/** What the table of lines and a run of tests say together: the result of each line, and docs/conformance.md. Pure. */
import type { TestOutcome } from '../../hack/test-reporter.ts';
import { type Line, type TestRef, titleOf } from './line.ts';
import { GROUPS, LINES } from './lines.ts';

export type Result = 'passed' | 'passed in part' | 'failed' | 'not run' | 'not yet' | 'out of scope';

/** Of a line whose tests did not all run: a failure is one all the same; without one, it is `not run`. */
export function resultOf(line: Line, outcomes: readonly TestOutcome[]): Result {
  if (line.evidence.by === 'nothing') return line.evidence.verdict;
  const runs = testsOf(line).map((test) => outcomes.filter((outcome) => isOf(outcome, test)));
  if (runs.flat().some(({ outcome }) => outcome === 'failed')) return 'failed';
  if (runs.some((run) => run.length === 0 || run.some(({ outcome }) => outcome === 'pending'))) return 'not run';
  return line.lacking === undefined ? 'passed' : 'passed in part';
}

/** Of this folder, those that bear the line's title, wherever they are. */
export function testsOf(line: Line): readonly TestRef[] {
  if (line.evidence.by === 'tests') return line.evidence.tests;
  return line.evidence.by === 'own' ? [{ file: 'test/conformance/', title: titleOf(line) }] : [];
}

function isOf({ file, title }: TestOutcome, test: TestRef): boolean {
  const [first = '', ...others] = test.title.split(/\$\{[^}]*\}/);
  const pattern = new RegExp(`^${[first, ...others].map(RegExp.escape).join('.*')}$`);
  return file.startsWith(test.file) && pattern.test(title);
}

/** The whole page. */
export function conformancePage(outcomes: readonly TestOutcome[]): string {
  const results = LINES.map((line) => resultOf(line, outcomes));
  const counts = [...new Set(results)].map((result) => `${results.filter((each) => each === result).length} ${result}`);
  return [
    '# Conformance',
    '',
    "What Kubernetes' conformance suite (1.32) asks, line by line in our own words, and the tests of ours that show it. Groups that are",
    'not here ask for kinds that are not served yet: Deployment, ReplicaSet, DaemonSet, StatefulSet, Job.',
    'Written by `hack/conformance.ts` from `test/conformance/lines/` and a run of those tests; not by hand.',
    '',
    `${LINES.length} lines: ${counts.join(', ')}.`,
    ...GROUPS.flatMap(({ number, title, lines }) => [
      '',
      `## ${number} ${title}`,
      '',
      '| line | what is asked | result | seen in |',
      '|---|---|---|---|',
      ...lines.map((line) => `| ${line.id} | ${line.words} | ${resultOf(line, outcomes)} | ${seenIn(line)} |`),
    ]),
    '',
  ].join('\n');
}

function seenIn(line: Line): string {
  if (line.evidence.by === 'nothing') return line.evidence.reason;
  const tests = testsOf(line).map(({ file, title }) =>
    line.evidence.by === 'own' ? `\`${file}\`` : `\`${file}\`: ${title}`,
  );
  return [...tests, ...(line.lacking === undefined ? [] : [`lacking: ${line.lacking}`])].join('<br>');
}
