/** Connections that speak HTTP badly, or leave it for WebSocket or SPDY and then say anything: bytes, and what came back. */
import { connect } from 'node:net';
import { encodeFrame } from '../../../../daemon/node-server/spdy/frames.ts';
import type { Dice } from './dice.ts';
import { mutatedBytes } from './mutate.ts';

/** How long the server is listened to after it began to answer, and waited for where it does not. */
const LISTEN_MS = 15;
const PATIENCE_MS = 2_000;
const QUERIES = [
  'command=copy&stdin=true&stdout=true',
  'command=stay&tty=true',
  'stdout=true',
  'ports=80',
  'ports=x',
  '',
];
const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'base64.channel.k8s.io',
  'SPDY/3.1+portforward.k8s.io',
  'x',
  '',
];

/** The bytes of one connection. */
export function connectionOf(dice: Dice): Buffer[] {
  const isRight = dice.chance(0.6);
  const upgrade = dice.one(isRight ? ['websocket', 'SPDY/3.1'] : ['websocket', 'SPDY/3.1', 'h2c', 'nonsense']);
  const subresource = isRight ? 'exec' : dice.one(['exec', 'attach', 'portforward', 'proxy', 'log']);
  const query = isRight ? QUERIES[0] : dice.one(QUERIES);
  const protocol = isRight ? 'v4.channel.k8s.io' : dice.one(PROTOCOLS);
  const method = isRight ? 'GET' : dice.one(['GET', 'POST', 'PUT']);
  const head = [
    `${method} /api/v1/namespaces/default/pods/a/${subresource}?${query} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    `Upgrade: ${upgrade}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${isRight ? 'dGhlIHNhbXBsZSBub25jZQ==' : 'x'}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
  const isBroken = dice.chance(0.2);
  const frames = Array.from({ length: dice.below(6) }, () =>
    upgrade === 'websocket' ? webSocketFrame(dice) : spdyFrame(dice),
  );
  return [isBroken ? mutatedBytes(dice, bytes) : bytes, ...frames.map((frame) => mutatedBytes(dice, frame))];
}

function webSocketFrame(dice: Dice): Buffer {
  const payload = Buffer.concat([Buffer.of(dice.below(6)), dice.bytes(dice.below(100))]);
  const mask = dice.bytes(4);
  const masked = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
  const first = dice.chance(0.8) ? 0x80 | dice.one([1, 2, 8, 9]) : dice.below(256);
  return Buffer.concat([Buffer.of(first, 0x80 | payload.length), mask, masked]);
}

function spdyFrame(dice: Dice): Buffer {
  const streamId = dice.one([0, 1, 2, 3, 5, 2 ** 31 - 1]);
  const shared = { streamId, fin: dice.chance(0.3) };
  return encodeFrame(
    dice.one([
      { type: 'syn-stream', ...shared, block: dice.bytes(dice.below(80)) },
      { type: 'headers', ...shared, block: dice.bytes(dice.below(20)) },
      { type: 'data', ...shared, data: dice.bytes(dice.below(200)) },
      { type: 'rst-stream', streamId, status: dice.below(12) },
      { type: 'ping', id: dice.below(2 ** 31) },
      { type: 'goaway', lastStreamId: streamId, status: 0 },
    ] as const),
  );
}

/** Says all of it, one piece per turn, and resolves with what came back when the server hangs up or has been listened to. */
export function speak(socketPath: string, pieces: readonly Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(socketPath, async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((next) => setImmediate(next));
      }
      setTimeout(() => socket.destroy(), PATIENCE_MS);
      const listened = () => setTimeout(() => socket.destroy(), LISTEN_MS);
      if (received.length > 0) listened();
      else socket.once('data', listened);
    });
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')));
  });
}
