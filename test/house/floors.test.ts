/** The house rules a machine can check: imports only go down, siblings do not import each other, every file says what it is. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = globSync('{daemon,reconcilers}/**/*.ts', { cwd: ROOT })
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const found = text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gms);
    const imports = [...found].map(([, fixed, dynamic]) =>
      relative(ROOT, join(ROOT, dirname(path), fixed ?? dynamic ?? '')),
    );
    return { path, text, imports };
  });

/** The floor of a file, and the room on it that only its own files may enter. */
function placeOf(path: string): { floor: number; room: string } {
  const [top = '', second = '', third = ''] = path.split('/');
  if (top === 'reconcilers') {
    const floors: Record<string, number> = { objects: 0, ports: 1, kit: 2 };
    return { floor: floors[second] ?? 3, room: second };
  }
  if (second === 'adapters') return { floor: 4, room: third.replace(/\.ts$/, '') };
  if (second === 'serving') return { floor: 4, room: second };
  if (second === 'apiserver' || second === 'dns' || second === 'node-server') return { floor: 5, room: second };
  return { floor: 6, room: 'daemon' };
}

describe('the house', () => {
  it('has files to check', () => {
    assert.ok(files.length > 50, `only ${files.length} files found`);
  });

  it('imports only go down, and siblings on one floor never import each other', () => {
    const wrong = files.flatMap(({ path, imports }) => {
      const from = placeOf(path);
      return imports
        .filter((target) => {
          const to = placeOf(target);
          return to.floor > from.floor || (to.floor === from.floor && to.room !== from.room);
        })
        .map((target) => `${path} imports ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('lets reconcilers reach the world only through their ports', () => {
    const allowed = /^node:(util|crypto|events|net|buffer)$/;
    const wrong = files
      .filter(({ path }) => path.startsWith('reconcilers/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/^import (?!type\b)[^;]*? from '([^.'][^']*)'/gm)]
          .map(([, name]) => name ?? '')
          .filter((name) => !allowed.test(name) && name !== 'js-yaml')
          .map((name) => `${path} imports ${name}`),
      );
    assert.deepEqual(wrong, []);
  });

  it('reads the environment and the arguments in one place', () => {
    const wrong = files
      .filter(
        ({ path, text }) =>
          /process\.(env|argv)\b/.test(text) && !['daemon/config.ts', 'daemon/main.ts'].includes(path),
      )
      .map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });

  it('opens every file with what it is', () => {
    const wrong = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });

  it('has no junk rooms and no barrels', () => {
    const wrong = files.filter(
      ({ path, text }) => /(^|\/)(utils?|lib|helpers|common|misc)(\/|\.ts)/.test(path) || /^export \* from/m.test(text),
    );
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('keeps plans pure', () => {
    const impure = /\b(Date\.now|Math\.random|new Date\(\)|await|process\.|console\.)/;
    const wrong = files
      .filter(({ path, text }) => /^reconcilers\/[^/]+\/plan\.ts$/.test(path) && impure.test(text))
      .map(({ path }) => path);
    assert.deepEqual(wrong, []);
  });
});
