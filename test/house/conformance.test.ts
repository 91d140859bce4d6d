/** The table of conformance held to the tests it names, and its page to the table: no line without a test or a reason. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANS } from '../conformance/line.ts';
import { LINES } from '../conformance/lines.ts';
import { resultOf, testsOf } from '../conformance/report.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => (existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '');
const ownTests = globSync('test/conformance/*.test.ts', { cwd: ROOT }).map(read).join('\n');
const page = read('docs/conformance.md');

describe('the table of conformance', () => {
  it('has a test for every line, or a reason why there is none', () => {
    const missing = LINES.flatMap((line) => {
      const { evidence } = line;
      if (evidence.by === 'nothing') return evidence.reason === '' ? [line.id] : [];
      if (evidence.by === 'own') return ownTests.includes(`'${line.id}'`) ? [] : [line.id];
      return testsOf(line)
        .filter(({ file, title }) => !(file === PLANS ? isPlan(title) : hasTest(read(file), title)))
        .map(({ file, title }) => `${line.id}: ${file}: ${title}`);
    });
    assert.deepEqual(missing, []);
  });

  it('is what docs/conformance.md shows, line by line', () => {
    const shown = page.split('\n').flatMap((row) => row.match(/^\| (\d+\.\d+ \| .+?) \| /)?.[1] ?? []);
    assert.deepEqual(
      shown,
      LINES.map(({ id, words }) => `${id} | ${words}`),
    );
    assert.doesNotMatch(page, /\| failed \|/);
  });

  it('takes a line for passed only when all its tests have passed', () => {
    const line = {
      id: '1.1',
      words: 'words',
      evidence: {
        by: 'tests',
        tests: [
          { file: 'a.ts', title: 'a' },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: as a title has it
          { file: 'b.ts', title: 'is ${x}' },
        ],
      },
    } as const;
    const [a, b, c] = (['a.ts a', 'b.ts is 1', 'b.ts is 2'] as const).map((text) => {
      const [file = '', ...words] = text.split(' ');
      return { file, title: words.join(' '), outcome: 'passed' as const };
    });
    assert.ok(a && b && c);
    assert.equal(resultOf(line, [a, b, c]), 'passed');
    assert.equal(resultOf(line, [a]), 'not run');
    assert.equal(resultOf(line, [a, b, { ...c, outcome: 'pending' }]), 'not run');
    assert.equal(resultOf(line, [{ ...a, outcome: 'failed' }]), 'failed');
    assert.equal(resultOf({ ...line, lacking: 'something' }, [a, b, c]), 'passed in part');
  });
});

function isPlan(title: string): boolean {
  return globSync(`test/plans/*/${title.replaceAll(' ', '-')}.given.yaml`, { cwd: ROOT }).length > 0;
}

function hasTest(source: string, title: string): boolean {
  const quoted = [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``];
  return quoted.some((each) => source.includes(`it(${each}`));
}
