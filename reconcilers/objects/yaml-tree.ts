/**
 * YAML text as a tree of nodes that know where they stand, built from js-yaml's parser events. The manifest reader turns it into
 * JSON and finds the line of every field in it. Reads plain scalars as Kubernetes' tools do (YAML 1.1: `yes` is a boolean, `0755`
 * octal), reports every duplicate key, and refuses aliases that would expand without measure.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { child, element, splitPath } from './field-path.ts';
import { type Json, type JsonObject, setMember } from './json.ts';

export type YamlNode = ScalarNode | SequenceNode | MappingNode;

interface NodeBase {
  /** Where the node starts in the whole text, in UTF-16 units. */
  readonly offset: number;
  /** Nodes in it, itself and what aliases bring in included. */
  size: number;
  /** Levels of it, counted in the same way. */
  depth: number;
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As the author wrote it, without quotes; absent where it was quoted. */
  readonly source?: string;
}

export interface SequenceNode extends NodeBase {
  readonly kind: 'sequence';
  readonly items: YamlNode[];
}

export interface MappingNode extends NodeBase {
  readonly kind: 'mapping';
  readonly entries: Map<string, { readonly keyOffset: number; readonly node: YamlNode }>;
}

export interface YamlProblem {
  readonly offset: number;
  readonly field?: string;
  readonly message: string;
  /** Where the other half of the problem is: the first of two equal keys. */
  readonly first?: number;
}

/** One document: its root, or undefined where it is empty; `problems` that left no root to work with. */
export interface YamlDocument {
  readonly root: YamlNode | undefined;
  readonly problems: readonly YamlProblem[];
}

/** What aliases and merge keys of one document may bring in. Thirty containers sharing 500 variables fit. */
const MAX_ALIASED_NODES = 100_000;
const MAX_DEPTH = 100;

/**
 * Every document of `text`. A document that cannot be read costs only itself: those before and after it are still returned.
 */
export function parseYaml(text: string): YamlDocument[] {
  return splitDocuments(text).flatMap(({ start, end }) => {
    try {
      return composeDocuments(text.slice(start, end), start);
    } catch (error) {
      return [{ root: undefined, problems: [problemOf(error, start)] }];
    }
  });
}

/** The node's value, aliases written out; each call makes new objects. */
export function toJson(node: YamlNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(toJson);
  const object: JsonObject = {};
  for (const [key, entry] of node.entries) setMember(object, key, toJson(entry.node));
  return object;
}

/** The node at a field path, and the offset to point at: that of the nearest field that is there. */
export function findField(root: YamlNode, path: string): { node: YamlNode | undefined; offset: number } {
  let node: YamlNode | undefined = root;
  let offset = root.offset;
  for (const step of splitPath(path)) {
    if (node?.kind === 'mapping') {
      const entry = node.entries.get(String(step));
      offset = entry?.keyOffset ?? offset;
      node = entry?.node;
    } else if (node?.kind === 'sequence') {
      node = node.items[Number(step)];
      offset = node?.offset ?? offset;
    } else {
      node = undefined;
    }
    if (node === undefined) break;
  }
  return { node, offset };
}

/**
 * Cuts at the marks `---` and `...`, which YAML recognises at the start of a line wherever they stand, also within quotes. A
 * piece that only holds directives belongs to the next.
 */
function splitDocuments(text: string): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  let start = 0;
  for (const match of text.matchAll(/(^|\r\n|\n|\r)(---|\.\.\.)(?=[ \t\r\n]|$)/g)) {
    const mark = match.index + (match[1]?.length ?? 0);
    if (match[2] === '---') {
      if (mark > start && !holdsDirective(text, start, mark)) {
        pieces.push({ start, end: mark });
        start = mark;
      }
    } else {
      pieces.push({ start, end: mark + 3 });
      start = mark + 3;
    }
  }
  pieces.push({ start, end: text.length });
  return pieces;
}

function holdsDirective(text: string, start: number, end: number): boolean {
  for (const line of text.slice(start, Math.min(end, start + 4096)).split(/\r\n|\n|\r/)) {
    if (line.startsWith('%')) return true;
    if (line.trim() !== '' && !line.trimStart().startsWith('#')) return false;
  }
  return false;
}

interface Frame {
  readonly node: MappingNode | SequenceNode;
  readonly anchor: string | undefined;
  /** Of a mapping: the key that waits for its value. */
  key: { readonly name: string; readonly offset: number; readonly merges: boolean } | undefined;
}

/** Stops the document at hand: it cannot be composed. */
class Fatal extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function composeDocuments(piece: string, base: number): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let composer: Composer | undefined;
  let depth = 0;
  for (const event of parseEvents(piece, { maxDepth: MAX_DEPTH })) {
    if (event.type === EVENT_ID.DOCUMENT) {
      composer = new Composer(piece, base);
    } else if (event.type === EVENT_ID.POP && depth === 0) {
      if (composer !== undefined) documents.push({ root: composer.root, problems: composer.problems });
    } else {
      if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth++;
      if (event.type === EVENT_ID.POP) depth--;
      composer?.take(event);
    }
  }
  return documents;
}

/** Builds one document's tree, event by event. */
class Composer {
  root: YamlNode | undefined;
  readonly problems: YamlProblem[] = [];
  readonly #text: string;
  readonly #base: number;
  readonly #stack: Frame[] = [];
  readonly #anchors = new Map<string, YamlNode>();
  #aliased = 0;

  constructor(text: string, base: number) {
    this.#text = text;
    this.#base = base;
  }

  take(event: Exclude<Event, { type: typeof EVENT_ID.DOCUMENT }>): void {
    switch (event.type) {
      case EVENT_ID.MAPPING: {
        this.#checkTag(event, '!!map');
        const offset = this.#base + event.start;
        this.#open({ kind: 'mapping', offset, entries: new Map(), size: 1, depth: 1 }, this.#anchorOf(event));
        break;
      }
      case EVENT_ID.SEQUENCE: {
        this.#checkTag(event, '!!seq');
        const offset = this.#base + event.start;
        this.#open({ kind: 'sequence', offset, items: [], size: 1, depth: 1 }, this.#anchorOf(event));
        break;
      }
      case EVENT_ID.SCALAR:
        this.#scalar(event);
        break;
      case EVENT_ID.ALIAS:
        this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd), this.#base + event.anchorStart - 1);
        break;
      case EVENT_ID.POP: {
        const frame = this.#stack.pop();
        if (frame !== undefined) this.#complete(frame.node, frame.anchor);
        break;
      }
    }
  }

  #open(node: MappingNode | SequenceNode, anchor: string | undefined): void {
    const parent = this.#stack.at(-1);
    if (parent?.node.kind === 'mapping' && parent.key === undefined) {
      throw new Fatal(node.offset, 'a key must be a string, not a map or a list');
    }
    this.#stack.push({ node, anchor, key: undefined });
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): void {
    const text = getScalarValue(this.#text, event);
    const parent = this.#stack.at(-1);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const offset = event.valueStart >= 0 ? this.#base + event.valueStart : this.#placeOf(parent);
    if (parent?.node.kind === 'mapping' && parent.key === undefined) {
      const merges = isPlain && text === '<<';
      parent.key = { name: text, offset: isPlain ? offset : offset - 1, merges };
      const anchor = this.#anchorOf(event);
      if (anchor !== undefined) {
        this.#anchors.set(anchor, { kind: 'scalar', offset, size: 1, depth: 1, value: text });
      }
      return;
    }
    const tag = tagName(this.#text, event);
    const value = readScalar(text, isPlain, tag);
    if (value === undefined) {
      throw new Fatal(offset, `tag ${tag} does not fit ${JSON.stringify(text.slice(0, 80))}, or is not supported`);
    }
    const source = isPlain && tag === undefined ? { source: text } : {};
    this.#complete({ kind: 'scalar', offset, size: 1, depth: 1, value, ...source }, this.#anchorOf(event));
  }

  #alias(name: string, offset: number): void {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      throw new Fatal(offset, `alias *${name}: no anchor &${name} ends before it`);
    }
    this.#count(target.size, offset);
    const parent = this.#stack.at(-1);
    if (parent?.node.kind === 'mapping' && parent.key === undefined) {
      if (target.kind !== 'scalar') throw new Fatal(offset, 'a key must be a string, not a map or a list');
      parent.key = { name: String(target.value), offset, merges: false };
    } else {
      this.#complete(target, undefined);
    }
  }

  /** Puts a finished node where it belongs. */
  #complete(node: YamlNode, anchor: string | undefined): void {
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const parent = this.#stack.at(-1);
    if (parent === undefined) {
      this.root = node;
    } else if (parent.node.kind === 'sequence') {
      parent.node.items.push(node);
      this.#grow(parent.node, node);
    } else if (parent.key !== undefined) {
      const { name, offset, merges } = parent.key;
      if (merges) this.#merge(parent.node, node, offset);
      else this.#put(parent.node, name, offset, node);
      parent.key = undefined;
      this.#grow(parent.node, node);
    }
  }

  #put(mapping: MappingNode, name: string, keyOffset: number, node: YamlNode): void {
    const existing = mapping.entries.get(name);
    // What came in by a merge key gives way to what is written out.
    if (existing !== undefined && existing.keyOffset > mapping.offset - 1 && !this.#merged.get(mapping)?.has(name)) {
      const field = this.#path();
      this.problems.push({
        offset: keyOffset,
        field,
        message: `duplicate field "${field}"`,
        first: existing.keyOffset,
      });
    }
    this.#merged.get(mapping)?.delete(name);
    mapping.entries.set(name, { keyOffset, node });
  }

  readonly #merged = new Map<MappingNode, Set<string>>();

  /** `<<: *base`, or a list of them, of which the earlier wins. */
  #merge(mapping: MappingNode, from: YamlNode, offset: number): void {
    const sources = from.kind === 'sequence' ? from.items : [from];
    const merged = this.#merged.get(mapping) ?? new Set<string>();
    this.#merged.set(mapping, merged);
    for (const source of sources) {
      if (source.kind !== 'mapping') throw new Fatal(offset, 'the merge key << needs a map, or a list of maps');
      this.#count(source.entries.size, offset);
      for (const [name, entry] of source.entries) {
        if (mapping.entries.has(name)) continue;
        mapping.entries.set(name, entry);
        merged.add(name);
      }
    }
  }

  #count(nodes: number, offset: number): void {
    this.#aliased += nodes;
    if (this.#aliased > MAX_ALIASED_NODES) {
      throw new Fatal(
        offset,
        `aliases expand to more than ${MAX_ALIASED_NODES} values; write the file out without them`,
      );
    }
  }

  #grow(parent: MappingNode | SequenceNode, node: YamlNode): void {
    parent.size += node.size;
    parent.depth = Math.max(parent.depth, node.depth + 1);
    if (parent.depth > MAX_DEPTH) throw new Fatal(node.offset, `nested deeper than ${MAX_DEPTH} levels`);
  }

  #placeOf(parent: Frame | undefined): number {
    return parent?.key?.offset ?? parent?.node.offset ?? this.#base;
  }

  #anchorOf(event: { anchorStart: number; anchorEnd: number }): string | undefined {
    return event.anchorStart < 0 ? undefined : this.#text.slice(event.anchorStart, event.anchorEnd);
  }

  #checkTag(event: { tagStart: number; tagEnd: number; start: number }, expected: string): void {
    const tag = tagName(this.#text, event);
    if (tag !== undefined && tag !== expected && tag !== '!') {
      throw new Fatal(this.#base + event.start, `tag ${tag} is not supported`);
    }
  }

  /** The path of the key at hand. */
  #path(): string {
    let path = '';
    for (const { node, key } of this.#stack) {
      if (node.kind === 'sequence') path = element(path, node.items.length);
      else if (key !== undefined) path = child(path, key.name);
    }
    return path;
  }
}

/** `!!str`, also where it is written as `!<tag:yaml.org,2002:str>`. */
function tagName(text: string, event: { tagStart: number; tagEnd: number }): string | undefined {
  if (event.tagStart < 0) return undefined;
  return text.slice(event.tagStart, event.tagEnd).replace(/^!<tag:yaml\.org,2002:(.*)>$/, '!!$1');
}

/** The scalar's value; undefined where its tag is unknown or says something else than the text. */
function readScalar(text: string, isPlain: boolean, tag: string | undefined): ScalarNode['value'] | undefined {
  if (tag === undefined) return isPlain ? readPlain(text) : text;
  if (tag === '!!str' || tag === '!') return text;
  const value = readPlain(text);
  if (tag === '!!null') return value === null ? null : undefined;
  if (tag === '!!bool') return typeof value === 'boolean' ? value : undefined;
  if (tag === '!!int') return Number.isInteger(value) ? value : undefined;
  if (tag === '!!float') return typeof value === 'number' ? value : undefined;
  return undefined;
}

/** Null, booleans and numbers as YAML 1.1 has them, as kubectl reads manifests; everything else is a string. */
function readPlain(text: string): ScalarNode['value'] {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(text)) return false;
  if (!/^[-+.\d]/.test(text) || text.length > 400) return text;
  const based = /^([-+]?)(0x[\da-fA-F]+|0b[01]+|0o?[0-7]+)$/.exec(text);
  if (based?.[2] !== undefined) {
    const digits = /^0[0-7]/.test(based[2]) ? `0o${based[2].slice(1)}` : based[2];
    return based[1] === '-' ? -Number(digits) : Number(digits);
  }
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}

function problemOf(error: unknown, base: number): YamlProblem {
  if (error instanceof Fatal) return { offset: error.offset, message: error.message };
  if (error instanceof YAMLException) {
    return { offset: base + (error.mark?.position ?? 0), message: `not valid YAML: ${error.reason}` };
  }
  throw error;
}
