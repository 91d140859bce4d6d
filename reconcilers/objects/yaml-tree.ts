/**
 * YAML text as a tree of nodes that know where they stand, built from js-yaml's parser events. The manifest reader turns it into
 * JSON and finds the line of every field in it. Reports every duplicate key, and refuses aliases that would expand without
 * measure; what a scalar means is for yaml-scalar.ts to say.
 */
import { EVENT_ID, parseEvents, YAMLException } from 'js-yaml';
import { splitPath } from './field-path.ts';
import { type Json, type JsonObject, setMember } from './json.ts';
import { Composer, Fatal, MAX_DEPTH } from './yaml-composer.ts';
import type { ScalarValue } from './yaml-scalar.ts';

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
  readonly value: ScalarValue;
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

/** The parser meets an unclosed quote or bracket only where the indentation stops to fit it. */
const UNCLOSED_HINT = ', or a quote or bracket before it is not closed';

function problemOf(error: unknown, base: number): YamlProblem {
  if (error instanceof Fatal) return { offset: error.offset, message: error.message };
  if (error instanceof YAMLException) {
    const hint = /^(deficient|bad) indentation/.test(error.reason) ? UNCLOSED_HINT : '';
    return { offset: base + (error.mark?.position ?? 0), message: `not valid YAML: ${error.reason}${hint}` };
  }
  throw error;
}
