import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { MAX_MANIFEST_BYTES, parseManifestFile } from '../../../reconcilers/objects/manifest-file.ts';
import { formatProblem } from '../../../reconcilers/objects/manifest-problem.ts';
import { parseManifestSet } from '../../../reconcilers/objects/manifest-set.ts';
import { formatKey } from '../../../reconcilers/objects/meta.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const set = (files: Record<string, string>) =>
  parseManifestSet(Object.entries(files).map(([path, text]) => ({ path, bytes: bytes(text) })));
const problemsOf = (text: string) => parseManifestFile('a.yaml', bytes(text)).problems.map(formatProblem);

const service = (name: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: 80}]}\n`;
const pod = (name: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: a, image: a}]}\n`;
const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

describe('a set of manifests', () => {
  it("is the walkthrough's, without a problem, Services first", () => {
    const folder = new URL('../../../manifests/', import.meta.url);
    const files = readdirSync(folder).map((path) => ({ path, bytes: readFileSync(new URL(path, folder)) }));
    const { documents, problems } = parseManifestSet(files);
    assert.deepEqual(problems.map(formatProblem), []);
    assert.deepEqual(
      documents.map(({ info, key }) => `${info.kind} ${formatKey(key)}`),
      [
        'Service default/reversi',
        'Service default/tcpserver',
        'Service default/upper',
        'ReplicationController default/reversi',
        'ReplicationController default/tcpserver',
        'ReplicationController default/upper',
      ],
    );
  });

  it('is sorted for applying whatever the order of the files', () => {
    const { documents } = set({
      'z.yaml': namespace('ns'),
      'b.yaml': `${pod('p2')}---\n${service('s')}`,
      'a.yaml': pod('p1'),
    });
    const order = documents.map(({ key, file, line }) => `${key.name} ${file}:${line}`);
    assert.deepEqual(order, ['ns z.yaml:1', 's b.yaml:6', 'p1 a.yaml:1', 'p2 b.yaml:1']);
  });

  it('declares every object once: the second place is refused and names the first', () => {
    const { documents, rejected, problems } = set({
      'b/web.yaml': service('web'),
      'a/web.yaml': `# by hand\n${service('web')}---\n${service('web')}`,
      'c.yaml': service('web').replace('name: web', 'name: web, namespace: other'),
    });
    assert.deepEqual(problems.map(formatProblem), [
      'a/web.yaml:7 Service "default/web" is already declared at a/web.yaml:2',
      'b/web.yaml:1 Service "default/web" is already declared at a/web.yaml:2',
    ]);
    assert.deepEqual(
      documents.map(({ file, line }) => `${file}:${line}`),
      ['a/web.yaml:2', 'c.yaml:1'],
    );
    assert.equal(rejected.length, 2);
  });

  it('says so also where the first of the two is broken', () => {
    const { problems } = set({ 'a.yaml': service('web').replace('80', '0'), 'b.yaml': service('web') });
    assert.ok(problems.map(formatProblem).includes('b.yaml:1 Service "default/web" is already declared at a.yaml:1'));
  });
});

describe('a manifest file', () => {
  it('knows where a field stands, or what is around it', () => {
    const text = `${service('a')}---\n${pod('web').replace('{containers: [', '\n  containers:\n  - ').replace(']}', '')}`;
    const [, document] = parseManifestFile('a.yaml', bytes(text)).documents;
    assert.ok(document);
    assert.equal(document.line, 6);
    assert.deepEqual(document.positionOf('spec.containers[0].image'), { line: 11, column: 15 });
    assert.deepEqual(document.positionOf('spec.containers[0].ports[3].name'), { line: 11, column: 5 });
    assert.deepEqual(document.positionOf('spec.restartPolicy'), { line: 9, column: 1 });
    assert.deepEqual(document.positionOf('status'), { line: 6, column: 1 });
  });

  for (const text of [
    '',
    '\n\n',
    '# nothing\n',
    '---\n---\n',
    '\ufeff',
    'null\n',
    '%YAML 1.2\n---\n',
    '...\n',
    '\r\n',
  ]) {
    it(`may hold nothing: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseManifestFile('a.yaml', bytes(text)), { documents: [], rejected: [], problems: [] });
    });
  }

  it('is refused when it is too large, before anything looks into it', () => {
    const file = parseManifestFile('big.yaml', new Uint8Array(10 * 1024 * 1024));
    assert.deepEqual(file.problems.map(formatProblem), [
      'big.yaml:1 the file has 10.0 MiB, the limit is 4.0 MiB; split it',
    ]);
    assert.equal(parseManifestFile('just.yaml', new Uint8Array(MAX_MANIFEST_BYTES).fill(0x23)).problems.length, 0);
  });

  it('may not hold an object too large for a store', () => {
    const text = pod('a').replace('image: a', `image: a, env: [{name: A, value: "${'x'.repeat(600 * 1024)}"}]`);
    assert.deepEqual(problemsOf(text), ['a.yaml:1 the object has 601 KiB, the limit is 512 KiB']);
  });

  it('names the byte that is not UTF-8', () => {
    for (const [tail, offset] of [
      [[0xff], 5],
      [[0xc3, 0x28], 5],
      [[0xe2, 0x82], 5],
      [[0xf0, 0x9f, 0x98, 0x80, 0x80], 9],
      [[0xed, 0xa0, 0x80], 5],
    ] as const) {
      const [problem] = parseManifestFile('a.yaml', new Uint8Array([...bytes('# a\n#'), ...tail])).problems;
      assert.match(problem?.message ?? '', new RegExp(`^not valid UTF-8: byte 0x.. at offset ${offset}$`));
      assert.equal(problem?.line, 2);
    }
    const utf16 = parseManifestFile('a.yaml', new Uint8Array(Buffer.from('\ufeffa: 1', 'utf16le')));
    assert.match(utf16.problems[0]?.message ?? '', /it looks like UTF-16, save it as UTF-8$/);
  });

  it('stops counting problems out', () => {
    const problems = problemsOf('- a\n---\n'.repeat(1000));
    assert.equal(problems.length, 101);
    assert.equal(problems[100], 'a.yaml:199 and 900 more problems in this file');
  });

  describe('holds no bomb', () => {
    const levels = (line: (i: number) => string) => Array.from({ length: 12 }, (_, i) => line(i)).join('\n');
    const bombs: Record<string, [string, RegExp]> = {
      'aliases of aliases': [
        levels(
          (i) =>
            `a${i}: &a${i} [${Array(10)
              .fill(i === 0 ? 'x' : `*a${i - 1}`)
              .join()}]`,
        ),
        /aliases expand to more than 100000 values/,
      ],
      'merge keys of merge keys': [
        `a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join()}}\n` +
          Array.from({ length: 1000 }, (_, i) => `b${i}: {<<: *a}`).join('\n'),
        /aliases expand to more than 100000 values/,
      ],
      'an anchor in itself': ['&a [*a]', /alias \*a: no anchor &a ends before it/],
      'depth by brackets': ['['.repeat(1e6), /nesting exceeded maxDepth/],
      'depth by dashes': ['- '.repeat(1e6), /nesting exceeded maxDepth/],
      'depth by aliases': [
        levels((i) => `a${i}: &a${i} ${'['.repeat(20)}${i === 0 ? 'x' : `*a${i - 1}`}${']'.repeat(20)}`),
        /nested deeper than 100 levels/,
      ],
    };
    for (const [what, [text, message]] of Object.entries(bombs)) {
      it(what, () => assert.match(problemsOf(text)[0] ?? '', message));
    }
  });

  it('reads numbers and booleans as kubectl does', () => {
    /** The container as read, undefined where the manifest was refused. */
    const container = (port: string, tty = 'true') => {
      const text = pod('a').replace('image: a', `image: a, tty: ${tty}, ports: [{containerPort: ${port}}]`);
      const [document] = parseManifestFile('a.yaml', bytes(text)).documents;
      return document && applyDefaults('Pod', document.declared).spec.containers[0];
    };
    for (const [written, read] of [
      ['80', 80],
      ['+80', 80],
      ['0x50', 80],
      ['0120', 80],
      ['0o120', 80],
      ['0b1010000', 80],
      ['8e1', 80],
      ['80.0', 80],
      ['!!int 80', 80],
    ] as const) {
      assert.equal(container(written)?.ports?.[0]?.containerPort, read, written);
    }
    for (const [written, read] of Object.entries({ yes: true, On: true, TRUE: true, no: false, OFF: false })) {
      assert.equal(container('80', written)?.tty, read, written);
    }
    for (const written of ['1_000', '"80"', '.inf', '08x']) assert.equal(container(written), undefined, written);
  });
});
