/**
 * What is answered to a question, apart from who asks: either made of records (prepared-answer.ts) or received from another server
 * (upstream/received-answer.ts). Both write a reply that echoes the question as it was asked, letter by letter, and fits.
 */
import { FLAG, HEADER_LENGTH, OPCODE_MASK, RECORD_TYPE, type ResourceRecord } from './codec.ts';
import type { Query } from './query.ts';

export interface Answer {
  readonly rcode: number;
  /** Of its answer section, with the TTLs they have now. */
  records(): readonly ResourceRecord[];
  /** The reply, of `limit` bytes at most: what does not fit is left out, and where that was part of the answer, the reply says so. */
  reply(query: Query, limit: number): Buffer;
}

/** Over UDP no more than fits a packet on every network: https://www.dnsflagday.net/2020/. */
export const UDP_PAYLOAD_SIZE = 1232;
const UDP_LEAST = 512;
export const TCP_LIMIT = 65_535;
const OPT_LENGTH = 11;

export function udpLimit({ edns }: Query): number {
  return edns === undefined ? UDP_LEAST : Math.min(Math.max(edns.udpPayloadSize, UDP_LEAST), UDP_PAYLOAD_SIZE);
}

/** The bytes that are neither records nor in the way of them. */
export function overheadOf(query: Query): number {
  return query.questionEnd + (query.edns === undefined ? 0 : OPT_LENGTH);
}

export interface ReplyHeader {
  /** Up to 4095 where the client speaks EDNS, which has room for the upper bits. */
  readonly rcode: number;
  /** Of AA, TC, AD. */
  readonly flags: number;
  /** Records of answer, authority and additional, without the OPT record. */
  readonly counts: readonly [number, number, number];
}

/** Header, question and, at its end, OPT: of a reply whose records take `bytes`, which the caller writes at the question's end. */
export function startReply(query: Query, { rcode, flags, counts }: ReplyHeader, bytes: number): Buffer {
  const { packet, questionEnd, edns } = query;
  const reply = Buffer.allocUnsafe(overheadOf(query) + bytes);
  packet.copy(reply, 0, 0, questionEnd);
  const asked = packet.readUInt16BE(2) & (OPCODE_MASK | FLAG.RD | FLAG.CD);
  reply.writeUInt16BE(FLAG.QR | asked | flags | FLAG.RA | (rcode & 0xf), 2);
  reply.writeUInt16BE(questionEnd > HEADER_LENGTH ? 1 : 0, 4);
  reply.writeUInt16BE(counts[0], 6);
  reply.writeUInt16BE(counts[1], 8);
  reply.writeUInt16BE(counts[2] + (edns === undefined ? 0 : 1), 10);
  if (edns !== undefined) writeOpt(reply, reply.length - OPT_LENGTH, rcode >> 4, edns.dnssecOk);
  return reply;
}

/** https://www.rfc-editor.org/rfc/rfc6891#section-6.1.2 */
function writeOpt(reply: Buffer, offset: number, extendedRcode: number, dnssecOk: boolean): void {
  reply[offset] = 0;
  reply.writeUInt16BE(RECORD_TYPE.OPT, offset + 1);
  reply.writeUInt16BE(UDP_PAYLOAD_SIZE, offset + 3);
  reply[offset + 5] = extendedRcode;
  reply[offset + 6] = 0;
  reply.writeUInt16BE(dnssecOk ? 0x8000 : 0, offset + 7);
  reply.writeUInt16BE(0, offset + 9);
}
