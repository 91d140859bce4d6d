/** Questions and answers as tests write and read them: packets to and from lines of text. */
import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet';
import { RCODE, RECORD_TYPE } from '../../../daemon/dns/codec.ts';

export interface Asked {
  readonly id?: number;
  /** The largest answer over UDP; without it the question has no EDNS. */
  readonly udpPayloadSize?: number;
}

/** `web.default.svc.cluster.local A` */
export function question(text: string, { id = 4711, udpPayloadSize }: Asked = {}): Buffer {
  const [name = '', type = 'A'] = text.split(' ');
  const number = RECORD_TYPE[type as keyof typeof RECORD_TYPE] ?? Number(type);
  const opt = { type: 'OPT', name: '.', udpPayloadSize, flags: 0, options: [] } as unknown as Answer;
  return encode({
    type: 'query',
    id,
    flags: 0x0100,
    // biome-ignore lint/suspicious/noExplicitAny: types that the library has no name for
    questions: [{ name, type: `UNKNOWN_${number}` as any }],
    additionals: udpPayloadSize === undefined ? [] : [opt],
  });
}

export interface Shown {
  readonly code: string;
  /** `web.default.svc.cluster.local 5 A 10.96.0.7` */
  readonly answers: string[];
  readonly authorities: string[];
  readonly additionals: string[];
}

export function shown(reply: Buffer): Shown {
  const packet = decode(reply);
  const code = reply.readUInt16BE(2) & 0xf;
  const flags = [packet.flag_aa && 'aa', packet.flag_tc && 'tc'].filter(Boolean);
  const name = Object.entries(RCODE).find(([, value]) => value === code)?.[0] ?? String(code);
  return {
    code: [name, ...flags].join(' '),
    answers: lines(packet.answers),
    authorities: lines(packet.authorities),
    additionals: lines(packet.additionals),
  };
}

function lines(records: DecodedPacket['answers']): string[] {
  return (records ?? []).filter(({ type }) => type !== 'OPT').map(line);
}

function line(record: Answer): string {
  const { name, type, ttl, data } = record as { name: string; type: string; ttl: number; data: unknown };
  return `${name} ${ttl} ${type} ${dataOf(type, data)}`;
}

function dataOf(type: string, data: unknown): string {
  if (type === 'SRV') {
    const { priority, weight, port, target } = data as Record<string, string>;
    return `${priority} ${weight} ${port} ${target}`;
  }
  if (type === 'SOA') {
    const { mname, rname, serial, minimum } = data as Record<string, string>;
    return `${mname} ${rname} ${serial} ${minimum}`;
  }
  if (type === 'TXT') return (data as Buffer[]).map((part) => JSON.stringify(part.toString())).join(' ');
  return Buffer.isBuffer(data) ? data.toString('hex') : String(data);
}
