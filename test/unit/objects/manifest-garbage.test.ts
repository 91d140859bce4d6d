/**
 * Throws thousands of damaged manifests at the reader: it must answer each, never throw, and whatever it accepts must be
 * consistent. The seed is printed; `SEED=... npx mocha` repeats a run.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import { parseManifestFile } from '../../../reconcilers/objects/manifest-file.ts';
import { formatProblem } from '../../../reconcilers/objects/manifest-problem.ts';
import { threeWayMerge } from '../../../reconcilers/objects/merge.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';

const ROUNDS = 4000;
/** What YAML and JavaScript stumble over, parted by §. */
const SPICE = [
  '\t§\r§\0§ §\n§\u2028§\ufeff§\x85§\x7f§\ud83d§😀§"§\'§`§@§%§#§&a §*a§<<: *a§!§!!str §!<tag:yaml.org,2002:int> §|§>',
  '{§}§[§]§,§:§: §- §? §--- §\n---\n§\n...\n§~§null§yes§0x§1e999§-1§99999999999999999999§.nan§__proto__: §constructor: ',
].flatMap((line) => line.split('§'));

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function damage(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  let result = Buffer.from(bytes);
  for (let i = random(6) + 1; i > 0; i--) {
    const [at, length] = [random(result.length + 1), random(20)];
    const piece = result.subarray(random(result.length + 1)).subarray(0, random(60));
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    switch (random(5)) {
      case 0:
        result = Buffer.concat([before, after.subarray(length)]);
        break;
      case 1:
        result = Buffer.concat([before, Buffer.from(SPICE[random(SPICE.length)] ?? ''), after]);
        break;
      case 2:
        result = Buffer.concat([before, piece, after]);
        break;
      case 3:
        if (at < result.length) result[at] = random(256);
        break;
      default:
        result = Buffer.concat([before, Buffer.from(SPICE[random(SPICE.length)] ?? ''), after.subarray(length)]);
    }
  }
  return result;
}

function check(bytes: Uint8Array): void {
  const { documents, rejected, problems } = parseManifestFile('g.yaml', bytes);
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r\n|\n|\r/).length;
  for (const problem of problems) {
    assert.match(formatProblem(problem), /^g\.yaml:\d+ ./);
    assert.ok(problem.line >= 1 && problem.line <= lines, `line ${problem.line} of ${lines}`);
  }
  assert.ok(rejected.length === 0 || problems.length > 0);
  for (const { info, key, declared } of documents) {
    const { object, problems: again } = decodeObject(JSON.parse(JSON.stringify(declared)), info);
    assert.deepEqual([again, object], [[], declared]);
    const live = applyDefaults(info.kind, declared);
    assert.deepEqual(applyDefaults(info.kind, live as unknown as JsonObject), live);
    assert.deepEqual(validateObject(info.kind, live), []);
    assert.deepEqual(threeWayMerge(info.kind, declared, declared, live).changedFields, []);
    assert.equal(live.metadata.name, key.name);
  }
  assert.equal(Object.keys(Object.prototype).length, 0);
}

describe('garbage', () => {
  const folders = [new URL('../../../manifests/', import.meta.url), new URL('golden/', import.meta.url)];
  const samples = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => !name.endsWith('.expected'))
      .map((name) => readFileSync(new URL(name, folder))),
  );
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

  it(`never makes the reader throw (SEED=${seed})`, function () {
    this.timeout(30_000);
    const random = randomOf(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(samples[random(samples.length)] ?? new Uint8Array(), random);
      try {
        check(bytes);
      } catch (cause) {
        throw new Error(`SEED=${seed}, round ${round}: ${JSON.stringify(bytes.toString())}`, { cause });
      }
    }
  });

  it(`decodes, defaults and validates any JSON (SEED=${seed})`, () => {
    const random = randomOf(seed);
    const words = [
      'metadata',
      'spec',
      'name',
      'containers',
      'ports',
      'template',
      'labels',
      'selector',
      'resources',
      'limits',
      'cpu',
    ];
    const value = (depth: number): unknown => {
      const pick = random(depth > 5 ? 5 : 9);
      if (pick < 5) return [null, random(70000) - 3, 'text', random(2) === 0, ''][pick];
      if (pick === 5) return Array.from({ length: random(4) }, () => value(depth + 1));
      return Object.fromEntries(
        Array.from({ length: random(6) }, () => [words[random(words.length)], value(depth + 1)]),
      );
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of [
        'Pod',
        'ReplicationController',
        'Service',
        'Endpoints',
        'Event',
        'Namespace',
        'Source',
      ] as const) {
        const given = value(0);
        try {
          const info = KINDS[kind];
          const { object } = decodeObject(given, info);
          assert.ok(
            validateObject(kind, applyDefaults(kind, object)).every((error) => error.toString().includes(': ')),
          );
        } catch (cause) {
          throw new Error(`SEED=${seed}, round ${round}, ${kind}: ${JSON.stringify(given)}`, { cause });
        }
      }
    }
  });
});
