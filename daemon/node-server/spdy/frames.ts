/**
 * SPDY/3.1 frames, from bytes and to bytes. Pure: no sockets, no compression. The connection reads and writes through it.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#22-framing
 */

export type Frame =
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly type: 'syn-stream'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'syn-reply'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'headers'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'rst-stream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway'; readonly lastStreamId: number; readonly status: number }
  /** Settings, window updates, credentials, and what the draft does not know, which a receiver has to ignore. */
  | { readonly type: 'ignored'; readonly control: number };

/** Why a stream is reset. */
export const RST = { PROTOCOL_ERROR: 1, REFUSED_STREAM: 3, CANCEL: 5, INTERNAL_ERROR: 6 } as const;
/** Why a connection goes away. */
export const GOAWAY = { OK: 0, PROTOCOL_ERROR: 1 } as const;

/** What came is no SPDY/3, or more than is taken. Ends the connection; its message stays in the daemon. */
export class SpdyError extends Error {}

const HEADER_LENGTH = 8;
const VERSION = 3;
const FLAG_FIN = 1;
/** The largest payload that the header's 24 bits can tell. */
const MAX_DATA_LENGTH = 0xff_ff_ff;
/** kubectl's header blocks have about 60 bytes. */
export const MAX_CONTROL_LENGTH = 16 * 1024;

const CONTROL_TYPES = { 'syn-stream': 1, 'syn-reply': 2, 'rst-stream': 3, ping: 6, goaway: 7, headers: 8 } as const;
/** The fields before a header block, or all there is. */
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 1: 10, 2: 4, 3: 8, 6: 4, 7: 8, 8: 4 };

/** The one whose payload is coming in. */
interface DataFrame {
  readonly streamId: number;
  readonly fin: boolean;
  readonly left: number;
}

/**
 * Cuts what arrives into frames. The payload of a data frame is handed on as it comes, in as many pieces as the network made of it,
 * so a frame of 16 MB takes no memory; a control frame is gathered first.
 */
export class FrameReader {
  #buffered: Buffer = Buffer.alloc(0);
  #data: DataFrame | undefined;

  /** The frames that are whole with these bytes. Throws SpdyError; nothing may be read after that. */
  *read(bytes: Buffer): Generator<Frame> {
    let rest = this.#buffered.length === 0 ? bytes : Buffer.concat([this.#buffered, bytes]);
    this.#buffered = Buffer.alloc(0);
    for (;;) {
      if (this.#data !== undefined) {
        const piece = rest.subarray(0, this.#data.left);
        if (piece.length === 0 && this.#data.left > 0) break;
        rest = rest.subarray(piece.length);
        yield this.#take(piece, this.#data);
        continue;
      }
      if (rest.length < HEADER_LENGTH) break;
      const length = rest.readUIntBE(5, 3);
      if ((rest[0] as number) < 0x80) {
        this.#data = { streamId: rest.readUInt32BE(0), fin: hasFin(rest), left: length };
        rest = rest.subarray(HEADER_LENGTH);
        continue;
      }
      checkControl(rest, length);
      if (rest.length < HEADER_LENGTH + length) break;
      yield parseControl(rest.subarray(0, HEADER_LENGTH + length));
      rest = rest.subarray(HEADER_LENGTH + length);
    }
    this.#buffered = rest;
  }

  #take(data: Buffer, { streamId, fin, left }: DataFrame): Frame {
    const isLast = data.length === left;
    this.#data = isLast ? undefined : { streamId, fin, left: left - data.length };
    return { type: 'data', streamId, fin: fin && isLast, data };
  }
}

function hasFin(frame: Buffer): boolean {
  return ((frame[4] as number) & FLAG_FIN) !== 0;
}

/** Looks at the header alone, so that a frame which will be refused is not waited for. */
function checkControl(frame: Buffer, length: number): void {
  const version = frame.readUInt16BE(0) & 0x7f_ff;
  if (version !== VERSION) throw new SpdyError(`expected version ${VERSION}, got ${version}`);
  if (length > MAX_CONTROL_LENGTH)
    throw new SpdyError(`a control frame of ${length} bytes, over ${MAX_CONTROL_LENGTH}`);
  const control = frame.readUInt16BE(2);
  const least = FIXED_LENGTHS[control] ?? 0;
  if (length < least) throw new SpdyError(`control frame ${control} has ${length} bytes, at least ${least} are needed`);
}

function parseControl(frame: Buffer): Frame {
  const control = frame.readUInt16BE(2);
  const first = frame.length >= HEADER_LENGTH + 4 ? frame.readUInt32BE(HEADER_LENGTH) & 0x7f_ff_ff_ff : 0;
  const second = () => frame.readUInt32BE(HEADER_LENGTH + 4);
  const withBlock = () => ({
    streamId: first,
    fin: hasFin(frame),
    block: frame.subarray(HEADER_LENGTH + (FIXED_LENGTHS[control] as number)),
  });
  switch (control) {
    case CONTROL_TYPES['syn-stream']:
      return { type: 'syn-stream', ...withBlock() };
    case CONTROL_TYPES['syn-reply']:
      return { type: 'syn-reply', ...withBlock() };
    case CONTROL_TYPES.headers:
      return { type: 'headers', ...withBlock() };
    case CONTROL_TYPES['rst-stream']:
      return { type: 'rst-stream', streamId: first, status: second() };
    case CONTROL_TYPES.ping:
      return { type: 'ping', id: frame.readUInt32BE(HEADER_LENGTH) };
    case CONTROL_TYPES.goaway:
      return { type: 'goaway', lastStreamId: first, status: second() };
    default:
      return { type: 'ignored', control };
  }
}

/** The bytes of a frame. Data over what one frame can carry becomes several. */
export function encodeFrame(frame: Exclude<Frame, { type: 'ignored' }>): Buffer {
  switch (frame.type) {
    case 'data':
      return encodeData(frame.streamId, frame.data, frame.fin);
    case 'syn-stream': {
      const fixed = Buffer.alloc(10);
      fixed.writeUInt32BE(frame.streamId, 0);
      return encodeControl(frame.type, [fixed, frame.block], frame.fin);
    }
    case 'syn-reply':
    case 'headers':
      return encodeControl(frame.type, [uint32s(frame.streamId), frame.block], frame.fin);
    case 'rst-stream':
      return encodeControl(frame.type, [uint32s(frame.streamId, frame.status)]);
    case 'ping':
      return encodeControl(frame.type, [uint32s(frame.id)]);
    case 'goaway':
      return encodeControl(frame.type, [uint32s(frame.lastStreamId, frame.status)]);
  }
}

function encodeData(streamId: number, data: Buffer, fin: boolean): Buffer {
  const frames: Buffer[] = [];
  let offset = 0;
  do {
    const piece = data.subarray(offset, offset + MAX_DATA_LENGTH);
    offset += piece.length;
    const header = Buffer.alloc(HEADER_LENGTH);
    header.writeUInt32BE(streamId, 0);
    header.writeUInt8(fin && offset === data.length ? FLAG_FIN : 0, 4);
    header.writeUIntBE(piece.length, 5, 3);
    frames.push(header, piece);
  } while (offset < data.length);
  return Buffer.concat(frames);
}

function encodeControl(type: keyof typeof CONTROL_TYPES, payload: readonly Buffer[], fin = false): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(0x80_00 | VERSION, 0);
  header.writeUInt16BE(CONTROL_TYPES[type], 2);
  header.writeUInt8(fin ? FLAG_FIN : 0, 4);
  header.writeUIntBE(
    payload.reduce((sum, part) => sum + part.length, 0),
    5,
    3,
  );
  return Buffer.concat([header, ...payload]);
}

function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
  return bytes;
}
