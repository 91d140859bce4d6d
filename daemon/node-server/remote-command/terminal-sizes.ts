/** The sizes a client tells on its resize stream: JSON objects one after the other, cut anywhere. Pure. */
import type { TerminalSize } from '../../../reconcilers/ports/container-runtime.ts';

/** A size has about 30 characters; what grows past this is none. */
const LONGEST = 1_024;

/** Ends where the stream does, or where something else than a size comes. */
export async function* terminalSizes(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TerminalSize> {
  let text = '';
  for await (const data of stream) {
    text += Buffer.from(data).toString('latin1');
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1));
      if (size === undefined) return;
      yield size;
      text = text.slice(end + 1);
    }
    if (text.length > LONGEST) return;
  }
}

function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(text);
    return isSize(Width) && isSize(Height) ? { width: Width, height: Height } : undefined;
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xff_ff;
}
