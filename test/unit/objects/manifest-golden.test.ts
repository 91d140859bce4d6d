/**
 * Every `golden/*.given` is read as a manifest file of its own (named so that no formatter tidies it up); what comes out is
 * compared with the `.expected` beside it.
 * `UPDATE_GOLDENS=1 npx mocha ...` writes the expectations anew.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const names = readdirSync(folder).filter((name) => name.endsWith('.given'));
  assert.ok(names.length > 0);
  for (const name of names) {
    it(name, () => {
      const actual = outcomeOf(name.replace('.given', ''), readFileSync(new URL(name, folder)));
      const expected = new URL(name.replace('.given', '.expected'), folder);
      if (process.env.UPDATE_GOLDENS === '1') {
        writeFileSync(expected, actual);
      }
      assert.equal(actual, readFileSync(expected, 'utf8'));
    });
  }
});
