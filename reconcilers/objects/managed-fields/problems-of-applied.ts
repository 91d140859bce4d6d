/**
 * What makes a configuration unfit to be applied: fields its type does not have, values of another type, list items that cannot be
 * told apart. In the words of Kubernetes' structured-merge-diff. Pure.
 */
import { isJsonObject, type Json, type JsonObject, objectAt, textOf } from '../json.ts';
import { type FieldType, fieldsOfType } from '../schema.ts';
import { describeElement, type PathElement } from './path-element.ts';
import { itemElement, itemStructure, memberStructure, type Structure, structureOf } from './structure.ts';

/** The one sentence for the client; undefined where the configuration can be applied. */
export function problemOfApplied(
  applied: JsonObject,
  type: string,
  apiVersion: string,
  kind: string,
): string | undefined {
  const metadata = objectAt(applied, 'metadata');
  if (metadata?.managedFields !== undefined) return 'metadata.managedFields must be nil';
  const given = textOf(applied.apiVersion);
  if (given !== apiVersion) {
    return `Incorrect version specified in apply patch. Specified patch version: ${given}, expected: ${apiVersion}`;
  }
  const problems: string[] = [];
  checkType(applied, type, '', problems);
  checkItems(applied, structureOf(type), '', problems);
  if (problems.length === 0) return undefined;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const object = `${textOf(metadata?.namespace)}/${textOf(metadata?.name)}; ${group}/${version}, Kind=${kind}`;
  const text = problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  return `failed to create typed patch object (${object}): ${text}`;
}

function checkType(value: Json | undefined, type: FieldType, path: string, problems: string[]): void {
  if (value === null || value === undefined || type === 'any') return;
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) problems.push(`${path}: expected list, got ${describe(value)}`);
    else for (const [i, item] of value.entries()) checkType(item, type.slice(2), `${path}[${i}]`, problems);
    return;
  }
  const fields = fieldsOfType(type);
  if (fields === undefined && !type.startsWith('{}')) {
    checkScalar(value, type, path, problems);
  } else if (!isJsonObject(value)) {
    problems.push(`${path}: expected map, got ${describe(value)}`);
  } else {
    for (const [name, member] of Object.entries(value)) {
      const declared = fields === undefined ? type.slice(2) : Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (declared === undefined) problems.push(`${path}.${name}: field not declared in schema`);
      else checkType(member, declared, `${path}.${name}`, problems);
    }
  }
}

const EXPECTED: Readonly<Record<string, readonly [string, ...string[]]>> = {
  boolean: ['boolean', 'boolean'],
  int32: ['numeric (int or float)', 'number'],
  int64: ['numeric (int or float)', 'number'],
  double: ['numeric (int or float)', 'number'],
  'int-or-string': ['a scalar', 'number', 'string'],
  quantity: ['a scalar', 'number', 'string'],
};

function checkScalar(value: Json, type: string, path: string, problems: string[]): void {
  const [expected, ...allowed] = EXPECTED[type] ?? ['string', 'string'];
  if (!allowed.includes(typeof value)) problems.push(`${path}: expected ${expected}, got ${describe(value)}`);
}

function describe(value: Json): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'map' : JSON.stringify(value);
}

/** Every item of a merging list must have its keys, and no two the same ones. */
function checkItems(value: Json | undefined, structure: Structure, path: string, problems: string[]): void {
  if (isJsonObject(value) && (structure.kind === 'object' || structure.kind === 'map')) {
    for (const [name, member] of Object.entries(value)) {
      checkItems(member, memberStructure(structure, name), `${path}.${name}`, problems);
    }
  } else if (Array.isArray(value) && (structure.kind === 'items' || structure.kind === 'set')) {
    const seen = new Set<PathElement>();
    for (const [i, item] of value.entries()) {
      const element = itemElement(structure, item);
      if (element === undefined) {
        problems.push(`${path}: element ${i}: ${missingKey(item, structure)}`);
        continue;
      }
      const at = describeElement(element);
      if (seen.has(element)) problems.push(`${path}: duplicate entries for key ${at}`);
      seen.add(element);
      checkItems(item, itemStructure(structure), path + at, problems);
    }
  }
}

function missingKey(item: Json, structure: Structure): string {
  const { apply, keyDefaults = {} } = structure.kind === 'items' ? structure.strategy : {};
  const keys = Array.isArray(apply) ? (apply as string[]) : [];
  const missing = keys.find(
    (key) => keyDefaults[key] === undefined && isJsonObject(item) && (item[key] ?? null) === null,
  );
  if (missing === undefined) return 'associative list with keys may not have non-map elements';
  return `associative list with keys has an element that omits key field "${missing}" (and doesn't have default value)`;
}
