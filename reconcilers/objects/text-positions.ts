/** From bytes to text, and from places in the text to lines and columns. The manifest reader asks; no knowledge of YAML. */
import { isUtf8 } from 'node:buffer';

/** The line and column of an offset, both from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export class LineIndex {
  /** Offsets at which lines start. */
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (const match of text.matchAll(/\r\n|\n|\r/g)) this.#starts.push(match.index + match[0].length);
  }

  positionOf(offset: number): Position {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** The bytes as text, or the offset of the first byte that is not UTF-8 and the line it is on. */
export function decodeUtf8(bytes: Uint8Array): { text: string } | { invalidAt: number; line: number } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    // The longest prefix that reads well ends within the offending sequence, which starts at most 3 bytes earlier.
    let [low, high] = [0, bytes.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (readsWell(bytes.subarray(0, middle))) low = middle;
      else high = middle - 1;
    }
    let invalidAt = low;
    while (!isUtf8(bytes.subarray(0, invalidAt))) invalidAt--;
    const before = new TextDecoder().decode(bytes.subarray(0, invalidAt));
    return { invalidAt, line: new LineIndex(before).positionOf(before.length).line };
  }
}

/** Whether the bytes are UTF-8 as far as they go: a sequence cut off at the end counts as good. */
function readsWell(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
