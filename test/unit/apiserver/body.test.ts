import assert from 'node:assert/strict';
import { duplicateFields, nestsDeeperThan } from '../../../daemon/apiserver/body/json-scan.ts';
import { parseBody } from '../../../daemon/apiserver/body/parse-body.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';

function read(type: string | undefined, text: string): unknown {
  return parseBody(type, Buffer.from(text)).value;
}

describe('parseBody', () => {
  it('reads JSON by default, and under the names of the JSON patches', () => {
    for (const type of [undefined, '', '*/*', 'application/json; charset=utf-8', 'application/merge-patch+json']) {
      assert.deepEqual(read(type, '{"a":[1,"x",null]}'), { a: [1, 'x', null] });
    }
  });

  it('reads YAML, or the JSON that kubectl sends under its name', () => {
    for (const type of ['application/yaml', 'application/apply-patch+yaml']) {
      assert.deepEqual(read(type, 'a: [1, x]\nb: {c: "1"}\n'), { a: [1, 'x'], b: { c: '1' } });
      assert.deepEqual(read(type, '{"a":1}'), { a: 1 });
      assert.deepEqual(read(type, '{a: 1}'), { a: 1 });
    }
  });

  it('knows no body from an empty one', () => {
    for (const type of ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']) {
      assert.equal(read(type, ''), undefined);
    }
    assert.equal(read('application/yaml', '# only a comment\n'), undefined);
  });

  it('names the fields that stand twice, in JSON and YAML alike', () => {
    const json = '{"spec":{"a":1,"a":2,"list":[{"b":1},{"b":1,"b":2}]},"spec":{}}';
    const expected = ['spec.a', 'spec.list[1].b', 'spec'].map((path) => `duplicate field "${path}"`);
    assert.deepEqual(parseBody('application/json', Buffer.from(json)).duplicates(), expected);
    const yaml = 'spec:\n  a: 1\n  a: 2\n';
    assert.deepEqual(parseBody('application/yaml', Buffer.from(yaml)).duplicates(), ['duplicate field "spec.a"']);
  });

  const refused: [string, string, number][] = [
    ['application/x-www-form-urlencoded', 'a=1', 415],
    ['application/json', '{"a":', 400],
    ['application/json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
    ['application/yaml', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
    ['application/yaml', 'a: 1\n---\nb: 2\n', 400],
    ['application/yaml', 'a: "open\n', 400],
    ['application/yaml', `a: &a [1,1,1,1,1,1,1,1,1,1]\n${aliasBomb()}`, 400],
    ['application/vnd.kubernetes.protobuf', '{}', 400],
  ];
  for (const [type, text, status] of refused) {
    it(`answers ${status} to ${type} ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(
        () => read(type, text),
        (error) => isSampanError(error) && error.status === status,
      );
    });
  }

  it('says what is wrong with a YAML body, and where', () => {
    assert.throws(
      () => read('application/yaml', 'a: 1\nb: *nowhere\n'),
      /error decoding YAML: line 2: alias \*nowhere/,
    );
  });
});

/** Each level ten times the one before. */
function aliasBomb(): string {
  const names = 'abcdefgh';
  return [...names]
    .slice(1)
    .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${names[i]}`).join(',')}]\n`)
    .join('');
}

describe('the scan of JSON', () => {
  it('is not led astray by strings, escapes and spaces', () => {
    assert.deepEqual(duplicateFields('{ "a" : "{\\"a\\":1,\\"a\\":2}" , "b\\"" : ["a","a"], "\\u0061" : 1 }'), ['a']);
    assert.equal(nestsDeeperThan('["[[[[", {"a": [1]}]', 3), false);
    assert.equal(nestsDeeperThan('["[[[[", {"a": [1]}]', 2), true);
  });

  it('finds no duplicate in what JSON.stringify wrote', () => {
    const seed = 20_261_124;
    const random = new SeededRandom(seed);
    const value = (depth: number): unknown => {
      const kind = Math.floor(random.next() * (depth > 4 ? 3 : 5));
      if (kind < 3) return [random.next(), '"{[,:\\', null][kind];
      const members = Array.from({ length: 4 }, () => value(depth + 1));
      return kind === 3 ? members : Object.fromEntries(members.map((member, i) => [`${'"\\,'[i] ?? 'k'}${i}`, member]));
    };
    for (let i = 0; i < 200; i++) {
      const json = JSON.stringify(value(0), null, i % 3);
      assert.deepEqual(duplicateFields(json), [], `seed ${seed}: ${json}`);
    }
  });
});
