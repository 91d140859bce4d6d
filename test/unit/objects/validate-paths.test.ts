import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validatePaths } from '../../../daemon/cli/validate.ts';

const GOOD = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n';

describe('sampan validate', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sampan-validate-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(path: string, text: string): string {
    const full = join(root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    writeFileSync(full, text);
    return full;
  }

  async function run(...paths: string[]): Promise<{ code: number; lines: string[] }> {
    let text = '';
    const code = await validatePaths(paths, { write: (part) => (text += part) });
    return { code, lines: text.replaceAll(`${root}/`, '').trimEnd().split('\n') };
  }

  it('is content with good manifests, and passes over what is none', async () => {
    put('a.yaml', GOOD);
    put('sub/deep/b.yml', GOOD.replace('name: a', 'name: b'));
    put('c.json', '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c"}}');
    for (const name of ['.hidden.yaml', '.git/x.yaml', 'a.yaml~', '#a.yaml#', '.a.yaml.swp', 'README.md', '4913']) {
      put(name, 'no: manifest');
    }
    symlinkSync(root, join(root, 'sub', 'round'));
    assert.deepEqual(await run(root), { code: 0, lines: ['3 files, 3 objects: no problems'] });
  });

  it('prints every problem with its place, and answers 1', async () => {
    put('a.yaml', `${GOOD.replace('Namespace', 'Namespac')}---\n${GOOD.replace('name: a', 'nam: a')}`);
    put('b.yaml', GOOD);
    put('c.yaml', GOOD);
    assert.deepEqual(await run(root), {
      code: 1,
      lines: [
        'a.yaml:2 kind: no such kind: "Namespac" of v1; did you mean "Namespace"? sampan knows ConfigMap, EndpointSlice, Endpoints, LimitRange, Namespace, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, PodTemplate, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount, StorageClass',
        'a.yaml:7 metadata.name: Required value: name or generateName is required',
        'a.yaml:7 unknown field "metadata.nam", did you mean "name"?',
        'c.yaml:1 Namespace "a" is already declared at b.yaml:1',
        '3 files, 2 objects: 4 problems',
      ],
    });
  });

  it('reads a file it is given whatever its name, once', async () => {
    const path = put('manifest.txt', GOOD);
    assert.deepEqual(await run(path, path), { code: 0, lines: ['1 file, 1 object: no problems'] });
  });

  it('does not read a file that is too large', async () => {
    truncateSync(put('a.yaml', ''), 5e9);
    const { code, lines } = await run(root);
    assert.equal(code, 1);
    assert.equal(lines[0], 'a.yaml:1 the file has 4768.4 MiB, the limit is 4.0 MiB; split it');
  });

  it('answers 2 for a path that does not exist, and still checks the others', async () => {
    const path = put('a.yaml', GOOD);
    assert.deepEqual(await run(join(root, 'nowhere'), path), {
      code: 2,
      lines: ['nowhere: no such file or folder', '1 file, 1 object: no problems'],
    });
  });
});
