/** The table of errors and its documentation, tested against each other. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, SampanError } from '../../reconcilers/ports/errors.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
const documented = new Map([...page.matchAll(/^## (\w+)\n+`([^\n]*)`$/gm)].map(([, code, message]) => [code, message]));

describe('docs/errors.md', () => {
  it('documents every code, and no other', () => {
    assert.deepEqual([...documented.keys()].toSorted(), Object.keys(ERRORS).toSorted());
  });

  for (const [code, entry] of Object.entries(ERRORS)) {
    it(`says of ${code} what the table says`, () => {
      assert.equal(documented.get(code), entry.message);
      const section = page.slice(page.indexOf(`## ${code}\n`)).split('\n## ')[0] ?? '';
      assert.match(section, new RegExp(`HTTP ${entry.status} ${entry.reason}`));
      assert.match(section, entry.retry ? /tried again by itself/ : /waits for a change/);
    });
  }

  it('has no code that nothing throws', () => {
    const code = globSync('{daemon,reconcilers}/**/*.ts', { cwd: ROOT })
      .filter((path) => path !== 'reconcilers/ports/errors.ts')
      .map((path) => readFileSync(join(ROOT, path), 'utf8'))
      .join('\n');
    const unused = Object.keys(ERRORS).filter((name) => !code.includes(`'${name}'`));
    assert.deepEqual(unused, []);
  });

  it('names the field that a message lacks instead of hiding it', () => {
    assert.equal(new SampanError('NotFound', { name: 'web' }).message, '<resource> "web" not found');
  });
});
