/**
 * Reads untyped JSON as an object of a kind: known fields of the right type are taken over, everything else becomes a problem
 * that names the field. The manifest reader and the API server call it, before defaulting and validation; what it returns is
 * safe to hand to those even where there are problems.
 */
import { child, element } from './field-path.ts';
import { copyJson, isJsonObject, type Json, type JsonObject, setMember } from './json.ts';
import { nearestName } from './nearest-name.ts';
import { parseQuantity } from './quantity.ts';
import { type FieldType, fieldsOfType, typeOfKind } from './schema.ts';
import { supportOf } from './supported-fields.ts';

export interface DecodeProblem {
  /** `spec.containers[0].image`. */
  readonly field: string;
  readonly message: string;
  /** `unknown` and `duplicate` are what Kubernetes' fieldValidation may let pass; the other two never are. */
  readonly type: 'unknown' | 'duplicate' | 'invalid' | 'unsupported';
}

/** How the author spelled the plain scalar at a field (`yes`, `0x1F`), where there is a text to look at. */
export type SourceText = (field: string) => string | undefined;

/**
 * `value` as an object of `info`'s kind: nulls and fields that mean nothing here are left out, fields with a problem too.
 * Fills in apiVersion and kind where they are absent. Never throws.
 */
export function decodeObject(
  value: unknown,
  info: { readonly kind: string; readonly apiVersion: string },
  sourceText: SourceText = () => undefined,
): { object: JsonObject; problems: DecodeProblem[] } {
  const problems: DecodeProblem[] = [];
  const decoder: Decoder = { problems, sourceText };
  const decoded = isJsonObject(value) ? decodeFields(decoder, typeOfKind(info.kind), value, '') : {};
  if (!isJsonObject(value))
    problems.push({ field: '', message: expected('an object', value as Json), type: 'invalid' });
  for (const field of ['apiVersion', 'kind'] as const) {
    const given = decoded[field];
    if (given !== undefined && given !== info[field]) {
      problems.push({ field, message: expected(JSON.stringify(info[field]), given), type: 'invalid' });
    }
  }
  return { object: { ...decoded, apiVersion: info.apiVersion, kind: info.kind }, problems };
}

interface Decoder {
  readonly problems: DecodeProblem[];
  readonly sourceText: SourceText;
}

function decodeFields(decoder: Decoder, type: string, value: JsonObject, path: string): JsonObject {
  const fields = fieldsOfType(type) ?? {};
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const field = child(path, name);
    const fieldType = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (fieldType === undefined) {
      const near = nearestName(name, Object.keys(fields));
      const hint = near === undefined ? '' : `, did you mean "${near}"?`;
      decoder.problems.push({ field, message: `unknown field "${field}"${hint}`, type: 'unknown' });
      continue;
    }
    if (member === null || member === undefined) continue;
    const support = supportOf(type, name, member);
    if (support === 'unsupported') {
      decoder.problems.push({ field, message: 'not supported by this version of sampan', type: 'unsupported' });
    } else if (support === 'honoured') {
      const decoded = decodeValue(decoder, fieldType, member, field);
      if (decoded !== undefined) result[name] = decoded;
    }
  }
  return result;
}

/** The value as `type`; undefined where it is not, and a problem says so. */
function decodeValue(decoder: Decoder, type: FieldType, value: Json, path: string): Json | undefined {
  if (type.startsWith('[]')) return decodeList(decoder, type.slice(2), value, path);
  if (type.startsWith('{}')) return decodeMap(decoder, type.slice(2), value, path);
  const scalar = Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined;
  if (scalar !== undefined) {
    const decoded = scalar.decode(value);
    if (decoded === undefined) refuse(decoder, path, scalar.expects, value);
    return decoded;
  }
  if (isJsonObject(value)) return decodeFields(decoder, type, value, path);
  refuse(decoder, path, 'an object', value);
  return undefined;
}

function decodeList(decoder: Decoder, type: FieldType, value: Json, path: string): Json | undefined {
  if (!Array.isArray(value)) {
    refuse(decoder, path, 'a list', value);
    return undefined;
  }
  // A hole keeps the positions of what follows right in later messages.
  return value.map((item, i) => decodeValue(decoder, type, item, element(path, i)) ?? placeholder(type));
}

function decodeMap(decoder: Decoder, type: FieldType, value: Json, path: string): Json | undefined {
  if (!isJsonObject(value)) {
    refuse(decoder, path, 'a map', value);
    return undefined;
  }
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    // As in Kubernetes, a key without a value holds the empty string.
    const given = member === null && type === 'string' ? '' : member;
    const decoded = given === undefined ? undefined : decodeValue(decoder, type, given, element(path, key));
    if (decoded !== undefined) setMember(result, key, decoded);
  }
  return result;
}

function placeholder(type: FieldType): Json {
  return fieldsOfType(type) === undefined ? '' : {};
}

interface Scalar {
  readonly expects: string;
  decode(value: Json): Json | undefined;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Of a length that is a multiple of four, line breaks aside. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4}|[\r\n])*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?[\r\n]*$/;

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: { expects: 'a string', decode: (value) => (typeof value === 'string' ? value : undefined) },
  boolean: { expects: 'true or false', decode: (value) => (typeof value === 'boolean' ? value : undefined) },
  int32: { expects: 'a whole number', decode: (value) => wholeNumber(value, 2 ** 31) },
  int64: { expects: 'a whole number', decode: (value) => wholeNumber(value, Number.MAX_SAFE_INTEGER) },
  double: { expects: 'a number', decode: (value) => (typeof value === 'number' ? value : undefined) },
  'int-or-string': {
    expects: 'a whole number or a name',
    decode: (value) => (typeof value === 'string' ? value : wholeNumber(value, 2 ** 31)),
  },
  quantity: {
    expects: 'a quantity such as 500m, 2 or 64Mi',
    decode: (value) => {
      const text = typeof value === 'number' ? String(value) : value;
      return typeof text === 'string' && parseQuantity(text) !== undefined ? text : undefined;
    },
  },
  time: { expects: 'a time such as 2026-01-02T03:04:05Z', decode: time },
  'micro-time': { expects: 'a time such as 2026-01-02T03:04:05.000000Z', decode: time },
  bytes: {
    expects: 'base64',
    decode: (value) => (typeof value === 'string' && BASE64.test(value) ? value : undefined),
  },
  any: { expects: 'a value', decode: (value) => copyJson(value) },
};

function wholeNumber(value: Json, limit: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit ? value : undefined;
}

function time(value: Json): Json | undefined {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function refuse(decoder: Decoder, field: string, expects: string, value: Json): void {
  const spelled = decoder.sourceText(field);
  const message = expected(expects, value, spelled);
  const isQuotable = expects === 'a string' && (typeof value === 'number' || typeof value === 'boolean');
  const hint = isQuotable ? `; put it in quotes: "${spelled ?? value}"` : '';
  decoder.problems.push({ field, message: message + hint, type: 'invalid' });
}

function expected(what: string, value: Json, spelled?: string): string {
  return `expected ${what}, got ${describeJson(value, spelled)}`;
}

/** `"three"`, `the number 1`, `the boolean yes`, `a list`, `an object`, `nothing`. */
export function describeJson(value: Json | undefined, spelled?: string): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  return `the ${typeof value} ${spelled ?? value}`;
}
