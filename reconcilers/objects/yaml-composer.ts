/**
 * Puts the nodes of one YAML document together from js-yaml's parser events: anchors, aliases, merge keys, duplicate keys. Used by
 * yaml-tree.ts, one composer per document; it never looks at what the document says.
 */
import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import { child, element } from './field-path.ts';
import { readScalar, tagName } from './yaml-scalar.ts';
import type { MappingNode, SequenceNode, YamlNode, YamlProblem } from './yaml-tree.ts';

/** What aliases and merge keys of one document may bring in. Thirty containers sharing 500 variables fit. */
const MAX_ALIASED_NODES = 100_000;
export const MAX_DEPTH = 100;

interface Frame {
  readonly node: MappingNode | SequenceNode;
  readonly anchor: string | undefined;
  /** Of a mapping: the key that waits for its value. */
  key: { readonly name: string; readonly offset: number; readonly merges: boolean } | undefined;
}

/** The document at hand cannot be composed. */
export class Fatal extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Builds one document's tree, event by event. */
export class Composer {
  root: YamlNode | undefined;
  readonly problems: YamlProblem[] = [];
  readonly #text: string;
  readonly #base: number;
  readonly #stack: Frame[] = [];
  readonly #anchors = new Map<string, YamlNode>();
  /** Per mapping, the keys that came in by a merge key. */
  readonly #merged = new Map<MappingNode, Set<string>>();
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

  /** Of two equal keys the first stays. What came in by a merge key gives way to what is written out. */
  #put(mapping: MappingNode, name: string, keyOffset: number, node: YamlNode): void {
    const existing = mapping.entries.get(name);
    if (existing === undefined || this.#merged.get(mapping)?.delete(name) === true) {
      mapping.entries.set(name, { keyOffset, node });
    } else {
      const field = this.#path();
      this.problems.push({
        offset: keyOffset,
        field,
        message: `duplicate field "${field}"`,
        first: existing.keyOffset,
      });
    }
  }

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
