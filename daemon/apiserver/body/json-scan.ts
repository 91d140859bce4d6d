/**
 * What JSON.parse does not tell: which members stand twice in one object (it takes the last), and how deep a text nests. The text has
 * been parsed already, so it is known to be JSON. Pure.
 */
import { child, element } from '../../../reconcilers/objects/field-path.ts';

/** Kubernetes' strict decoding stops at so many. */
const MAX_DUPLICATES = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

interface Level {
  /** Undefined: a list. */
  readonly names: Set<string> | undefined;
  readonly path: string;
  index: number;
  name: string;
}

/** The paths of members given more than once (`spec.replicas`), in order, each once. */
export function duplicateFields(json: string): string[] {
  const found = new Set<string>();
  const levels: Level[] = [];
  let text = '';
  scan(json, (mark, start, end) => {
    const level = levels.at(-1);
    if (mark === QUOTE) {
      text = json.slice(start, end);
    } else if (mark === COLON && level?.names !== undefined) {
      level.name = JSON.parse(text) as string;
      if (level.names.has(level.name) && found.size < MAX_DUPLICATES) found.add(pathOf(level));
      level.names.add(level.name);
    } else if (mark === COMMA && level !== undefined) {
      level.index++;
    } else if (mark === OPEN_OBJECT || mark === OPEN_LIST) {
      levels.push({ names: mark === OPEN_OBJECT ? new Set() : undefined, path: pathOf(level), index: 0, name: '' });
    } else if (mark === CLOSE_OBJECT || mark === CLOSE_LIST) {
      levels.pop();
    }
  });
  return [...found];
}

/** Where the value at hand stands. */
function pathOf(level: Level | undefined): string {
  if (level === undefined) return '';
  return level.names === undefined ? element(level.path, level.index) : child(level.path, level.name);
}

/** Whether objects and lists lie more than `limit` levels deep in each other. */
export function nestsDeeperThan(json: string, limit: number): boolean {
  let depth = 0;
  let deepest = 0;
  scan(json, (mark) => {
    if (mark === OPEN_OBJECT || mark === OPEN_LIST) deepest = Math.max(deepest, ++depth);
    else if (mark === CLOSE_OBJECT || mark === CLOSE_LIST) depth--;
  });
  return deepest > limit;
}

/** Every string (from its first quote to behind its last) and every mark between them. */
function scan(json: string, take: (mark: number, start: number, end: number) => void): void {
  for (let at = 0; at < json.length; at++) {
    const mark = json.charCodeAt(at);
    if (mark === QUOTE) {
      const start = at++;
      for (let code = json.charCodeAt(at); code !== QUOTE && at < json.length; code = json.charCodeAt(++at)) {
        if (code === BACKSLASH) at++;
      }
      take(mark, start, at + 1);
    } else if (mark === COMMA || mark === COLON || (mark & 0xdf) === OPEN_LIST || (mark & 0xdf) === CLOSE_LIST) {
      take(mark, at, at + 1);
    }
  }
}
