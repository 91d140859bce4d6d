/** Damages what was valid: a value keeps most of its shape, its text keeps most of its grammar, bytes keep most of their order. */
import { copyJson, type Json, type JsonObject, setMember } from '../../../../reconcilers/objects/json.ts';
import type { Dice } from './dice.ts';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  'x',
  'metadata',
  '$patch',
  'spec',
];
const TEXTS = [
  '',
  ' ',
  '__proto__',
  'constructor',
  '../..',
  'a/b',
  'A_B',
  '\0',
  '\ud800',
  'ü😀',
  '%2f',
  '127.0.0.10',
  '999.1.1.1',
  '::1',
  'None',
  '500m',
  '1e400',
  '-1Gi',
  'NaN',
  '2026-01-02T03:04:05Z',
  '9999-99-99T99:99:99Z',
  '+275760-09-13T00:00:00Z',
  'IA==',
  'IA=',
  '****',
  'kubernetes.io/service-account-token',
  'Always',
  'NodePort',
  'ExternalName',
  '{"a":1}',
  '(((((((((((((((((((((((((((((((((a+)+)+)+)',
];
const NUMBERS = [0, -1, 1, 0.5, 80, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, Number.MIN_VALUE, 30_000];
/** What a JSON text may hold where a number stands. */
const NUMBER_TEXTS = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '-1e999',
  '-0',
  '00',
  '99999999999999999999999',
  '1.',
  '0x10',
];

/** A copy of `value` with up to a few changes somewhere in it. */
export function mutated(dice: Dice, value: Json): Json {
  let result = copyJson(value);
  for (let count = dice.below(4); count >= 0; count--) result = changed(dice, result);
  return result;
}

function changed(dice: Dice, value: Json): Json {
  const goesDeeper = typeof value === 'object' && value !== null && dice.chance(0.85);
  if (!goesDeeper) return another(dice, value);
  if (Array.isArray(value)) return inList(dice, value);
  return inObject(dice, value);
}

function inList(dice: Dice, list: Json[]): Json[] {
  const at = dice.below(list.length + 1);
  if (at === list.length || dice.chance(0.15)) {
    const twin = list[dice.below(list.length)] ?? another(dice, null);
    return [...list.slice(0, at), copyJson(twin), ...list.slice(at)];
  }
  if (dice.chance(0.1)) return list.toSpliced(at, 1);
  return list.with(at, changed(dice, list[at] as Json));
}

function inObject(dice: Dice, object: JsonObject): JsonObject {
  const keys = Object.keys(object);
  const key = dice.one(keys);
  const fate = dice.below(10);
  if (key === undefined || fate === 0) {
    setMember(object, dice.one(NAMES), dice.chance(0.5) ? another(dice, null) : copyJson(object));
  } else if (fate === 1) {
    delete object[key];
  } else {
    setMember(object, key, changed(dice, object[key] as Json));
  }
  return object;
}

function another(dice: Dice, value: Json): Json {
  switch (dice.below(10)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return [value];
    case 3:
      return { [dice.one(NAMES)]: value };
    case 4:
      return dice.chance(0.5) ? [] : {};
    case 5:
      return dice.chance(0.03) ? 'x'.repeat(1_100_000) : 'y'.repeat(dice.below(400));
    case 6:
      return dice.chance(0.1) ? nested(dice.below(700), dice.chance(0.5)) : dice.one(NUMBERS);
    case 7:
      return typeof value === 'number' ? value + dice.one([-1, 1, 0.5, 2 ** 31]) : dice.one(NUMBERS);
    case 8:
      return typeof value === 'string' ? `${value}${dice.one(TEXTS)}` : dice.one(TEXTS);
    default:
      return dice.one(TEXTS);
  }
}

function nested(depth: number, inLists: boolean): Json {
  let value: Json = {};
  for (let i = 0; i < depth; i++) value = inLists ? [value] : { a: value };
  return value;
}

/** JSON text that may say something twice, or what JSON cannot say. */
export function textOfJson(dice: Dice, value: Json): string {
  let text = JSON.stringify(value);
  if (dice.chance(0.06))
    text = text.replace(/"(\w+)":/, (member, name) => `"${name}":${dice.one(['null', '1', '{}'])},${member}`);
  if (dice.chance(0.04)) text = text.replace(/:\d+/, () => `:${dice.one(NUMBER_TEXTS)}`);
  if (dice.chance(0.03)) text = text.slice(0, dice.below(text.length));
  if (dice.chance(0.01)) text = `\ufeff${text}`;
  return text;
}

/** Bytes flipped, cut, doubled. */
export function mutatedBytes(dice: Dice, bytes: Uint8Array, from = 0): Buffer {
  let result = Buffer.from(bytes);
  for (let count = dice.below(5); count > 0 && result.length > from; count--) {
    const at = from + dice.below(result.length - from);
    switch (dice.below(4)) {
      case 0:
        result = result.subarray(0, at);
        break;
      case 1:
        result = Buffer.concat([result.subarray(0, at), dice.bytes(dice.below(8)), result.subarray(at)]);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(from), result.subarray(at)]);
        break;
      default:
        result[at] = dice.below(256);
    }
  }
  return result;
}
