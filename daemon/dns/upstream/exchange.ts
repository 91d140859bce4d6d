/**
 * One question to one other server, over UDP or TCP, and its answer. The socket is connected, so that the kernel lets nothing through that
 * comes from elsewhere and says at once when nobody listens; port and id are random, against answers of others (RFC 5452).
 */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6, Socket } from 'node:net';
import { UDP_PAYLOAD_SIZE } from '../answer.ts';
import { encodeRecord, FLAG, HEADER_LENGTH } from '../codec.ts';
import type { Query } from '../query.ts';
import { isAnswerTo } from './received-answer.ts';

export interface Server {
  readonly address: string;
  readonly port: number;
}

export interface Exchange {
  readonly query: Query;
  /** Rejects with its reason. */
  readonly signal: AbortSignal;
  /** Whether to say how large an answer may be, and whether signatures are wanted; old servers do not understand it. */
  readonly withEdns: boolean;
}

/** Rejects where nobody listens, the connection breaks, or `signal` aborts. */
export async function askOverUdp(server: Server, exchange: Exchange): Promise<Buffer> {
  const { query, signal } = exchange;
  const [id, packet] = outgoing(exchange);
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      socket.on('error', reject);
      socket.on('message', (reply) => {
        if (isAnswerTo(reply, query, id)) resolve(reply);
      });
      socket.connect(server.port, server.address, () => socket.send(packet));
    });
  } finally {
    socket.close();
  }
}

export async function askOverTcp(server: Server, exchange: Exchange): Promise<Buffer> {
  const { query, signal } = exchange;
  const [id, packet] = outgoing(exchange);
  const socket = new Socket();
  const onAbort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    socket.connect({ host: server.address, port: server.port });
    socket.write(Buffer.concat([length16(packet.length), packet]));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      const received = Buffer.concat(chunks);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) continue;
      const reply = received.subarray(2, 2 + received.readUInt16BE(0));
      if (isAnswerTo(reply, query, id)) return reply;
      throw new Error('it answers another question');
    }
    throw new Error('it closed the connection without an answer');
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

function outgoing({ query: { packet, questionEnd, edns }, withEdns }: Exchange): [number, Buffer] {
  const header = Buffer.alloc(HEADER_LENGTH);
  const id = randomInt(0x1_0000);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.RD | (packet.readUInt16BE(2) & (FLAG.CD | FLAG.AD)), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(withEdns ? 1 : 0, 10);
  const question = packet.subarray(HEADER_LENGTH, questionEnd);
  if (!withEdns) return [id, Buffer.concat([header, question])];
  const flags = edns?.dnssecOk === true ? 0x8000 : 0;
  const opt = encodeRecord({
    type: 'OPT',
    name: '.',
    udpPayloadSize: UDP_PAYLOAD_SIZE,
    extendedRcode: 0,
    ednsVersion: 0,
    flags,
    flag_do: flags !== 0,
    options: [],
  });
  return [id, Buffer.concat([header, question, opt])];
}

function length16(length: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(length);
  return bytes;
}
