/**
 * SPDY's compressed header blocks. One zlib stream runs through all blocks of a direction, so they have to be read, and written, in the
 * order in which they cross the wire; one of these per connection does both. Bounded: a small block may inflate to a large one.
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { HEADER_DICTIONARY } from './dictionary.ts';
import { SpdyError } from './frames.ts';

/** As HTTP servers bound their headers. */
export const MAX_HEADERS_LENGTH = 16 * 1024;

const OPTIONS = { dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH };

export type Headers = ReadonlyMap<string, string>;

export class HeaderBlocks {
  readonly #inflate: Inflate = createInflate(OPTIONS);
  readonly #deflate: Deflate = createDeflate(OPTIONS);

  constructor() {
    for (const zlib of [this.#inflate, this.#deflate]) zlib.on('error', () => {}); // the block under way is told
  }

  /** Throws SpdyError where the block is no headers, or too many. The next one may be read when this one is. */
  async decompress(block: Buffer): Promise<Headers> {
    return parseHeaders(await through(this.#inflate, block, MAX_HEADERS_LENGTH));
  }

  compress(headers: Headers): Promise<Buffer> {
    return through(this.#deflate, serializeHeaders(headers), Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

/** What the zlib stream makes of `input`, flushed. */
function through(zlib: Inflate | Deflate, input: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    let length = 0;
    const settle = (error?: Error) => {
      zlib.off('data', collect);
      zlib.off('close', closed);
      if (error === undefined) resolve(Buffer.concat(output));
      else reject(error);
    };
    const collect = (chunk: Buffer) => {
      output.push(chunk);
      length += chunk.length;
      if (length <= limit) return;
      settle(new SpdyError(`headers of more than ${limit} bytes`));
      zlib.destroy();
    };
    const fail = (error: Error) => settle(new SpdyError(`a header block cannot be read: ${error.message}`));
    const closed = () => settle(new SpdyError('the connection was closed'));
    if (zlib.destroyed) return closed();
    zlib.on('data', collect);
    zlib.on('close', closed);
    // Called when all output of this input was told.
    zlib.write(input, (error) => (error ? fail(error) : settle()));
  });
}

function parseHeaders(bytes: Buffer): Headers {
  let offset = 0;
  const number = () => {
    if (offset + 4 > bytes.length) throw new SpdyError('a header block ends too early');
    offset += 4;
    return bytes.readUInt32BE(offset - 4);
  };
  const text = () => {
    const length = number();
    if (offset + length > bytes.length) throw new SpdyError('a header block ends too early');
    offset += length;
    return bytes.toString('latin1', offset - length, offset);
  };
  const headers = new Map<string, string>();
  // Each has eight bytes at least, so a count that lies ends with the bytes.
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

function serializeHeaders(headers: Headers): Buffer {
  const parts = [...headers].flatMap(([name, value]) => [name.toLowerCase(), value]);
  const size = parts.reduce((sum, part) => sum + 4 + part.length, 4);
  const bytes = Buffer.alloc(size);
  let offset = bytes.writeUInt32BE(headers.size, 0);
  for (const part of parts) {
    offset = bytes.writeUInt32BE(part.length, offset);
    offset += bytes.write(part, offset, 'latin1');
  }
  return bytes;
}
