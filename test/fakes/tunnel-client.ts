/**
 * A client's bytes in the messages of a WebSocket, for tests of kubectl's tunnel: its subprotocol has a slash, which the client of the
 * `ws` library does not send. Knows of WebSockets what the tunnel needs.
 */
import { request } from 'node:http';
import { Duplex } from 'node:stream';

const BINARY = 0x82;
const CLOSE = 0x88;
/** Clients have to mask; with these four zeros the payload stays as it is. */
const MASK = Buffer.alloc(4);

export interface Tunnel {
  readonly stream: Duplex;
  /** The code in the server's close. */
  readonly closeCode: Promise<number>;
}

export function openTunnel(at: { socketPath: string; path: string; protocol: string }): Promise<Tunnel> {
  const { protocol, ...where } = at;
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
    'sec-websocket-protocol': protocol,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...where, headers, agent: false });
    outgoing.once('upgrade', (response, socket, head) => {
      if (response.headers['sec-websocket-protocol'] !== protocol) reject(new Error('another protocol was chosen'));
      if (head.length > 0) socket.unshift(head);
      resolve(tunnelOver(socket));
    });
    outgoing.once('response', async (response) => {
      reject(new Error(`${response.statusCode}: ${Buffer.concat(await response.toArray()).toString()}`));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function tunnelOver(socket: Duplex): Tunnel {
  const closed = Promise.withResolvers<number>();
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _, done) => void socket.write(frameOf(BINARY, chunk), done),
    final: (done) => void socket.end(frameOf(CLOSE, Buffer.from([0x03, 0xe8])), () => done()),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  let buffered = Buffer.alloc(0);
  socket.on('error', (error) => stream.destroy(error));
  socket.on('close', () => stream.destroy());
  socket.on('data', (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    for (let frame = firstFrame(buffered); frame !== undefined; frame = firstFrame(buffered)) {
      buffered = buffered.subarray(frame.end);
      if (frame.opcode === CLOSE) closed.resolve(frame.payload.readUInt16BE(0));
      if (frame.opcode === BINARY && !stream.push(frame.payload)) socket.pause();
    }
  });
  return { stream, closeCode: closed.promise };
}

function frameOf(opcode: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(opcode, 0);
  if (payload.length < 126) {
    header.writeUInt8(0x80 | payload.length, 1);
    return Buffer.concat([header.subarray(0, 2), MASK, payload]);
  }
  if (payload.length > 0xff_ff) throw new Error('longer than this client can send');
  header.writeUInt8(0x80 | 126, 1);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, MASK, payload]);
}

function firstFrame(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] as number) & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const end = start + length;
  return bytes.length < end ? undefined : { opcode: bytes[0] as number, payload: bytes.subarray(start, end), end };
}
