/** Docker's streams of JSON objects, one a line (events, pulls), as an async iterable. Reading on is all it does. */

/** Throws what the stream throws; ends where it ends, leaving out a last line that was cut off. */
export async function* jsonLines<T>(stream: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
  }
}
