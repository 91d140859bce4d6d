/**
 * JSON Patch (RFC 6902) as the API server reads it: `replace` also sets a member that is absent, `test` and `copy` take an absent
 * member for null, a negative index counts from the end. Kubernetes' own words for what fails. Pure.
 */
import {
  copyJson,
  equalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  ownMember,
  setMember,
} from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';

const MAX_OPERATIONS = 10_000;
/** What `copy` operations of one patch may add, as JSON text: without it a few of them fill the memory. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly value: Json;
}

type Container = JsonObject | Json[];

/** `target` after all operations. BadRequest where `patch` is no list of operations, PatchRejected where one of them fails. */
export function applyJsonPatch(target: JsonObject, patch: unknown): JsonObject {
  if (!Array.isArray(patch)) throw new SampanError('BadRequest', { detail: 'a JSON Patch is a list of operations' });
  if (patch.length > MAX_OPERATIONS) {
    const detail = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new SampanError('RequestEntityTooLarge', { detail });
  }
  const document = copyJson(target);
  const copied = { bytes: 0 };
  for (const operation of patch) apply(document, readOperation(operation), copied);
  return document;
}

function readOperation(given: unknown): Operation {
  if (!isJsonObject(given))
    throw new SampanError('BadRequest', { detail: 'an operation of a JSON Patch is an object' });
  const { op, path, from, value = null } = given;
  if (typeof op !== 'string') throw reject('Unexpected kind: unknown');
  if (typeof path !== 'string') throw reject(`${op} operation failed to decode path: missing value`);
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') {
    throw reject(`${op} operation failed to decode from: missing value`);
  }
  return { op, path, from: typeof from === 'string' ? from : '', value };
}

function apply(document: JsonObject, operation: Operation, copied: { bytes: number }): void {
  const { op, path, from, value } = operation;
  const at = (pointer: string, otherwise: string) =>
    parentOf(document, pointer, `${op} operation does not apply: ${otherwise}`);
  switch (op) {
    case 'add':
      add(at(path, 'doc is missing path'), value, operation);
      break;
    case 'remove':
      remove(at(path, 'doc is missing path'), op, path);
      break;
    case 'replace':
      replace(at(path, 'doc is missing path'), value, path);
      break;
    case 'test':
      test(at(path, 'is missing path'), value, path);
      break;
    case 'move': {
      const source = at(from, 'doc is missing from path');
      const moved = memberAt(source, op, from) ?? null;
      remove(source, op, from);
      add(at(path, 'doc is missing destination path'), moved, operation);
      break;
    }
    case 'copy': {
      const found = memberAt(at(from, 'doc is missing from path'), op, from) ?? null;
      copied.bytes += JSON.stringify(found).length;
      if (copied.bytes > MAX_COPIED_BYTES) throw reject(tooMuchCopied(copied.bytes));
      add(at(path, 'doc is missing destination path'), found, operation);
      break;
    }
    default:
      throw reject(`Unexpected kind: ${op}`);
  }
}

function tooMuchCopied(bytes: number): string {
  return `Unable to complete the copy, the accumulated size increase of copy is ${bytes}, exceeding the limit ${MAX_COPIED_BYTES}`;
}

interface Place {
  readonly container: Container;
  readonly key: string;
}

/** Where the pointer's last step leads from. The document itself is never the target of an operation. */
function parentOf(document: JsonObject, pointer: string, otherwise: string): Place {
  const [, ...steps] = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = steps.pop();
  let container: Json | undefined = document;
  for (const step of steps) {
    container = Array.isArray(container) ? container[indexOf(step, container.length) ?? -1] : ownOf(container, step);
  }
  if (key === undefined || typeof container !== 'object' || container === null) {
    throw reject(`${otherwise}: "${pointer}": missing value`);
  }
  return { container, key };
}

function ownOf(container: Json | undefined, step: string): Json | undefined {
  return isJsonObject(container) ? ownMember(container, step) : undefined;
}

function memberAt({ container, key }: Place, op: string, path: string): Json | undefined {
  if (!Array.isArray(container)) return ownMember(container, key);
  return container[checkedIndex(key, container.length, op, path)];
}

function add({ container, key }: Place, value: Json, { op, path }: Operation): void {
  const added = copyJson(value);
  if (!Array.isArray(container)) setMember(container, key, added);
  else if (key === '-') container.push(added);
  else container.splice(checkedIndex(key, container.length + 1, op, path), 0, added);
}

function remove({ container, key }: Place, op: string, path: string): void {
  if (Array.isArray(container)) {
    container.splice(checkedIndex(key, container.length, op, path), 1);
  } else if (Object.hasOwn(container, key)) {
    delete container[key];
  } else {
    throw reject(`error in ${op} for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`);
  }
}

function replace({ container, key }: Place, value: Json, path: string): void {
  if (!Array.isArray(container)) {
    setMember(container, key, copyJson(value));
    return;
  }
  const index = indexOf(key, container.length);
  if (index === undefined) throw reject(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  container[index] = copyJson(value);
}

function test(place: Place, value: Json, path: string): void {
  const found = memberAt(place, 'test', path) ?? null;
  if (!equalJson(found, value)) throw reject(`testing value ${path} failed: test failed`);
}

/** Undefined where `key` is no position of a list of `length` items; negative ones count from the end. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^-?\d{1,9}$/.test(key)) return undefined;
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  return index >= 0 && index < length ? index : undefined;
}

function checkedIndex(key: string, length: number, op: string, path: string): number {
  const index = indexOf(key, length);
  if (index !== undefined) return index;
  throw reject(`error in ${op} for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`);
}

function reject(detail: string): SampanError {
  return new SampanError('PatchRejected', { detail });
}
