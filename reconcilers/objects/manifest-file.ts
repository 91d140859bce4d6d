/**
 * Reads one manifest file: YAML or JSON, any number of documents, `kind: List` unfolded. Every object comes back as its author
 * declared it, checked as the API server would check it; every problem of the file comes back at once, with its line.
 * manifest-sync and `sampan validate` call it through manifest-set.ts. Pure: the bytes are handed in.
 */
import { decodeObject, describeJson } from './decode.ts';
import { applyDefaults } from './defaults.ts';
import { isWithin } from './field-path.ts';
import { isJsonObject, type Json, type JsonObject, objectAt, textOf } from './json.ts';
import { ALL_KINDS, findKind, type KindInfo } from './kinds.ts';
import type { Problem } from './manifest-problem.ts';
import type { ObjectKey } from './meta.ts';
import { nearestName } from './nearest-name.ts';
import { decodeUtf8, LineIndex, type Position } from './text-positions.ts';
import { validateNewObject } from './validation.ts';
import { findField, parseYaml, toJson, type YamlNode } from './yaml-tree.ts';

/** One declared object that may be applied. */
export interface ManifestDocument {
  readonly info: KindInfo;
  /** `namespace` is `default` where the manifest names none, `''` for cluster-scoped kinds. */
  readonly key: ObjectKey;
  /**
   * The object as declared: decoded and valid, but not defaulted, save for `metadata.namespace`. Without nulls, without status
   * and server-set metadata: the `declared` and, next time, the `lastApplied` of the three-way merge.
   */
  readonly declared: JsonObject;
  readonly file: string;
  /** Where the object starts. */
  readonly line: number;
  /** Where a field is declared; of a field that is not, the nearest one around it. */
  positionOf(field: string): Position;
}

/** An object whose manifest has problems: known by name, so that it is not taken for removed. */
export interface RejectedDocument {
  readonly info: KindInfo;
  readonly key: ObjectKey;
  readonly file: string;
  readonly line: number;
}

export interface ManifestFile {
  /** Without problems, in the order of the file. */
  readonly documents: readonly ManifestDocument[];
  readonly rejected: readonly RejectedDocument[];
  readonly problems: readonly Problem[];
}

const MEBIBYTE = 1024 * 1024;
export const MAX_MANIFEST_BYTES = 4 * MEBIBYTE;
/** Stores take 1.5 MiB for a value, in which the object stands twice: as it is, and as it was applied. */
const MAX_OBJECT_BYTES = MEBIBYTE / 2;
/** After these, only how many more there are. */
const MAX_PROBLEMS = 100;

/** The problem of a file of this size, if it has one: whoever reads files may ask before it reads. */
export function checkManifestSize(path: string, bytes: number): Problem | undefined {
  if (bytes <= MAX_MANIFEST_BYTES) return undefined;
  const [size, limit] = [bytes, MAX_MANIFEST_BYTES].map((n) => `${(n / MEBIBYTE).toFixed(1)} MiB`);
  return { file: path, line: 1, message: `the file has ${size}, the limit is ${limit}; split it` };
}

/** `path` is only for messages: what the author knows the file by. Never throws. */
export function parseManifestFile(path: string, bytes: Uint8Array): ManifestFile {
  const tooLarge = checkManifestSize(path, bytes.length);
  if (tooLarge !== undefined) return { documents: [], rejected: [], problems: [tooLarge] };
  const decoded = decodeUtf8(bytes);
  if ('invalidAt' in decoded) {
    const { invalidAt, line } = decoded;
    const isUtf16 = invalidAt === 0 && (bytes[0] === 0xff || bytes[0] === 0xfe);
    const hint = isUtf16 ? '; it looks like UTF-16, save it as UTF-8' : '';
    const byte = bytes[invalidAt]?.toString(16).padStart(2, '0');
    const message = `not valid UTF-8: byte 0x${byte} at offset ${invalidAt}${hint}`;
    return { documents: [], rejected: [], problems: [{ file: path, line, message }] };
  }
  return new FileReader(path, decoded.text).read();
}

class FileReader {
  readonly #path: string;
  readonly #text: string;
  readonly #lines: LineIndex;
  readonly #documents: ManifestDocument[] = [];
  readonly #rejected: RejectedDocument[] = [];
  readonly #problems: Problem[] = [];
  #found = 0;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#lines = new LineIndex(text);
  }

  read(): ManifestFile {
    for (const { root, problems } of parseYaml(this.#text)) {
      for (const { offset, field, message, first } of problems) {
        const where = first === undefined ? '' : `, first on line ${this.#lines.positionOf(first).line}`;
        this.#report(offset, field, message + where);
      }
      if (root !== undefined && !isEmpty(root)) this.#object(root, problems.length > 0);
    }
    this.#problems.sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
    if (this.#found > MAX_PROBLEMS) {
      const message = `and ${this.#found - MAX_PROBLEMS} more problems in this file`;
      this.#problems.push({ file: this.#path, line: this.#problems.at(-1)?.line ?? 1, message });
    }
    return { documents: this.#documents, rejected: this.#rejected, problems: this.#problems };
  }

  /** One object, or the objects of a List. `damaged`: the document had problems already. */
  #object(node: YamlNode, damaged: boolean): void {
    if (node.kind !== 'mapping') {
      const value = node.kind === 'scalar' ? node.value : [];
      this.#report(node.offset, undefined, `expected an object with apiVersion and kind, got ${describeJson(value)}`);
      return;
    }
    const [apiVersion, kind] = [valueAt(node, 'apiVersion'), valueAt(node, 'kind')];
    if (kind === 'List' && apiVersion === 'v1') {
      this.#list(node, damaged);
      return;
    }
    const info = this.#kindOf(node, apiVersion, kind);
    if (info === undefined) return;

    const before = this.#found;
    const declared = this.#declared(node, info);
    const metadata = objectAt(declared, 'metadata');
    const name = metadata?.name;
    if (typeof name !== 'string' || name === '') return;
    const key = { namespace: info.namespaced ? textOf(metadata?.namespace) : '', name };
    const place = { info, key, file: this.#path, line: this.#lines.positionOf(node.offset).line };
    if (damaged || this.#found > before) {
      this.#rejected.push(place);
    } else {
      const positionOf = (field: string) => this.#lines.positionOf(findField(node, field).offset);
      this.#documents.push({ ...place, declared, positionOf });
    }
  }

  #list(node: YamlNode, damaged: boolean): void {
    const { node: items, offset } = findField(node, 'items');
    if (items?.kind !== 'sequence') {
      this.#report(offset, 'items', `expected a list, got ${describeJson(items && toJson(items))}`);
      return;
    }
    for (const item of items.items) this.#object(item, damaged);
  }

  /** The kind of a manifest, if it may declare one of that kind. */
  #kindOf(node: YamlNode, apiVersion: Json | undefined, kind: Json | undefined): KindInfo | undefined {
    for (const [field, value] of Object.entries({ apiVersion, kind })) {
      if (typeof value === 'string' && value !== '') continue;
      const message =
        value === undefined || value === null ? 'Required value' : `expected a string, got ${describeJson(value)}`;
      this.#report(findField(node, field).offset, field, message);
    }
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '')
      return undefined;
    const info = findKind(apiVersion, kind);
    if (info?.declarable === true) return info;

    const supported = ALL_KINDS.filter(({ declarable }) => declarable);
    const byName = supported.find((candidate) => candidate.kind === kind);
    if (info !== undefined) {
      this.#fieldProblem(node, 'kind', `${kind} objects are written by sampan itself and cannot be declared`);
    } else if (byName !== undefined) {
      this.#fieldProblem(node, 'apiVersion', `expected "${byName.apiVersion}" for a ${kind}, got "${apiVersion}"`);
    } else {
      const names = supported.map((candidate) => candidate.kind);
      const near = nearestName(kind, names);
      const hint = near === undefined ? '' : `did you mean "${near}"? `;
      const list = names.sort().join(', ');
      this.#fieldProblem(node, 'kind', `no such kind: "${kind}" of ${apiVersion}; ${hint}sampan knows ${list}`);
    }
    return undefined;
  }

  /** Decodes, defaults a copy and validates that; reports what is wrong. */
  #declared(node: YamlNode, info: KindInfo): JsonObject {
    const sourceText = (field: string) => {
      const found = findField(node, field).node;
      return found?.kind === 'scalar' ? found.source : undefined;
    };
    const written = withoutServerFields(toJson(node) as JsonObject);
    const { object, problems } = decodeObject(written, info, sourceText);
    for (const { field, message } of problems) this.#fieldProblem(node, field, message);
    const declared = withNamespace(object, info);

    const generated = objectAt(declared, 'metadata')?.generateName !== undefined;
    if (generated) {
      const message = 'a manifest must name its object: otherwise each sync would make another one; use metadata.name';
      this.#fieldProblem(node, 'metadata.generateName', message);
    }
    const errors = validateNewObject(info.kind, applyDefaults(info.kind, declared));
    for (const { field, place, message } of errors) {
      // What could not be decoded is missing now; that is not said twice.
      const isKnown = problems.some((problem) => isWithin(problem.field, field) || isWithin(field, problem.field));
      if (!isKnown) this.#report(findField(node, place).offset, field, message);
    }
    const size = Buffer.byteLength(JSON.stringify(declared));
    if (size > MAX_OBJECT_BYTES) {
      const message = `the object has ${Math.ceil(size / 1024)} KiB, the limit is ${MAX_OBJECT_BYTES / 1024} KiB`;
      this.#report(node.offset, undefined, message);
    }
    return declared;
  }

  #fieldProblem(node: YamlNode, field: string, message: string): void {
    this.#report(findField(node, field).offset, field, message);
  }

  #report(offset: number, field: string | undefined, message: string): void {
    this.#found++;
    if (this.#found > MAX_PROBLEMS) return;
    const { line, column } = this.#lines.positionOf(offset);
    this.#problems.push({ file: this.#path, line, column, ...(field !== undefined && { field }), message });
  }
}

/** An empty document, as `---` after `---` makes it. */
function isEmpty(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function valueAt(node: YamlNode, field: string): Json | undefined {
  const found = findField(node, field).node;
  return found === undefined ? undefined : toJson(found);
}

/** Manifests saved with `kubectl get -o yaml` carry what only the server writes; applying ignores it, as Kubernetes does. */
function withoutServerFields({ status: _status, ...object }: JsonObject): JsonObject {
  const metadata = object.metadata;
  if (!isJsonObject(metadata)) return object;
  const {
    uid: _uid,
    resourceVersion: _revision,
    generation: _generation,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    managedFields: _managers,
    ...declared
  } = metadata;
  return { ...object, metadata: declared };
}

function withNamespace(object: JsonObject, info: KindInfo): JsonObject {
  const metadata = objectAt(object, 'metadata') ?? {};
  const namespace = metadata.namespace ?? '';
  if (!info.namespaced || namespace !== '') return object;
  return { ...object, metadata: { ...metadata, namespace: 'default' } };
}
