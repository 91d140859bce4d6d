/**
 * A DNS server outside of the cluster, a process of its own in a test's network namespace: it knows `www.outside.test` and, over TCP alone,
 * the long `long.outside.test`. Its first argument is the address.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, TRUNCATED_RESPONSE } from 'dns-packet';

const address = process.argv[2] ?? '127.0.0.1';
const NXDOMAIN = 3;
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'www.outside.test': ['192.0.2.80'],
  'long.outside.test': Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`),
};

function replyTo(packet: Buffer, isTcp: boolean): Buffer {
  const { id, questions = [] } = decode(packet);
  const [{ name, type } = { name: '', type: 'A' }] = questions;
  const addresses = Object.hasOwn(NAMES, name.toLowerCase()) ? NAMES[name.toLowerCase()] : undefined;
  const answers = type === 'A' ? (addresses ?? []).map((data): Answer => ({ type: 'A', name, ttl: 300, data })) : [];
  const isLong = answers.length > 10 && !isTcp;
  const flags = AUTHORITATIVE_ANSWER | (isLong ? TRUNCATED_RESPONSE : 0) | (addresses === undefined ? NXDOMAIN : 0);
  return encode({ type: 'response', id, flags, questions, answers: isLong ? [] : answers });
}

const udp = createSocket('udp4');
udp.on('message', (packet, client) => udp.send(replyTo(packet, false), client.port, client.address));
udp.bind(53, address);

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (framed: Buffer) => {
    const reply = replyTo(framed.subarray(2), true);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    socket.end(Buffer.concat([length, reply]));
  });
}).listen(53, address);
