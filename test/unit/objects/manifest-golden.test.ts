/**
 * Every `golden/*.yaml` is read as a manifest file of its own; what comes out is compared with the `.expected.txt` beside it.
 * `UPDATE_GOLDENS=1 npx mocha ...` writes the expectations anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { formatProblem } from '../../../reconcilers/objects/manifest-problem.ts';
import { parseManifestSet } from '../../../reconcilers/objects/manifest-set.ts';
import { formatKey } from '../../../reconcilers/objects/meta.ts';

const folder = new URL('golden/', import.meta.url);

function outcomeOf(path: string, bytes: Uint8Array): string {
  const { documents, rejected, problems } = parseManifestSet([{ path, bytes }]);
  const lines = [
    ...problems.map(formatProblem),
    ...rejected.map(({ info, key, line }) => `rejected ${info.kind} ${formatKey(key)}, line ${line}`),
    ...documents.map(({ info, key, line, declared }) => {
      return `accepted ${info.kind} ${formatKey(key)}, line ${line}: ${JSON.stringify(declared)}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

describe('manifest goldens', () => {
  const names = readdirSync(folder).filter((name) => /\.(yaml|json)$/.test(name));
  assert.ok(names.length > 0);
  for (const name of names) {
    it(name, () => {
      const actual = outcomeOf(name, readFileSync(new URL(name, folder)));
      const expected = new URL(name.replace(/\.\w+$/, '.expected.txt'), folder);
      if (process.env.UPDATE_GOLDENS === '1' || !existsSync(expected)) {
        assert.equal(process.env.UPDATE_GOLDENS, '1', `${expected.pathname} is missing; set UPDATE_GOLDENS=1`);
        writeFileSync(expected, actual);
      }
      assert.equal(actual, readFileSync(expected, 'utf8'));
    });
  }
});
