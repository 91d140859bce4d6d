import assert from 'node:assert/strict';
import { HEADER_DICTIONARY } from '../../../daemon/node-server/spdy/dictionary.ts';
import {
  encodeFrame,
  type Frame,
  FrameReader,
  MAX_CONTROL_LENGTH,
  SpdyError,
} from '../../../daemon/node-server/spdy/frames.ts';
import { HeaderBlocks, MAX_HEADERS_LENGTH } from '../../../daemon/node-server/spdy/header-blocks.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';

type Sendable = Exclude<Frame, { type: 'ignored' }>;

/** Each frame with its bytes, as the draft draws them. */
const GOLDEN: readonly [string, Sendable, string][] = [
  ['a data frame', { type: 'data', streamId: 5, fin: false, data: Buffer.from('hi') }, '00000005 00 000002 6869'],
  ['the end of a stream', { type: 'data', streamId: 5, fin: true, data: Buffer.alloc(0) }, '00000005 01 000000'],
  [
    'a new stream',
    { type: 'syn-stream', streamId: 3, fin: false, block: Buffer.from('beef', 'hex') },
    '8003 0001 00 00000c 00000003 00000000 00 00 beef',
  ],
  [
    'its reply',
    { type: 'syn-reply', streamId: 3, fin: false, block: Buffer.from('beef', 'hex') },
    '8003 0002 00 000006 00000003 beef',
  ],
  [
    'headers',
    { type: 'headers', streamId: 3, fin: true, block: Buffer.from('beef', 'hex') },
    '8003 0008 01 000006 00000003 beef',
  ],
  ['a reset', { type: 'rst-stream', streamId: 3, status: 5 }, '8003 0003 00 000008 00000003 00000005'],
  ['a ping', { type: 'ping', id: 7 }, '8003 0006 00 000004 00000007'],
  ['a goodbye', { type: 'goaway', lastStreamId: 9, status: 1 }, '8003 0007 00 000008 00000009 00000001'],
];

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Data in pieces is one frame again. */
function readAll(reader: FrameReader, pieces: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  let data: { streamId: number; parts: Buffer[] } | undefined;
  for (const frame of pieces.flatMap((piece) => [...reader.read(piece)])) {
    if (frame.type !== 'data') frames.push(frame);
    else {
      data ??= { streamId: frame.streamId, parts: [] };
      data.parts.push(frame.data);
      if (!frame.fin) continue;
      frames.push({ ...frame, data: Buffer.concat(data.parts) });
      data = undefined;
    }
  }
  return frames;
}

describe('SPDY frames', () => {
  for (const [what, frame, hex] of GOLDEN) {
    it(`writes and reads ${what}`, () => {
      assert.equal(encodeFrame(frame).toString('hex'), bytesOf(hex).toString('hex'));
      assert.deepEqual([...new FrameReader().read(bytesOf(hex))], [frame]);
    });
  }

  it('reads them however they were cut', () => {
    const random = new SeededRandom(1);
    const sent: Sendable[] = GOLDEN.map(([, frame]) => (frame.type === 'data' ? { ...frame, fin: true } : frame));
    const bytes = Buffer.concat(sent.map(encodeFrame));
    for (let round = 0; round < 200; round++) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = round === 0 ? 1 : 1 + Math.floor(random.next() * 40);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      assert.deepEqual(readAll(new FrameReader(), pieces), sent);
    }
  });

  it('hands data on before its frame is whole', () => {
    const reader = new FrameReader();
    const header = encodeFrame({ type: 'data', streamId: 1, fin: true, data: Buffer.alloc(1000) }).subarray(0, 8);
    const first = [...reader.read(Buffer.concat([header, Buffer.alloc(10)]))];
    const rest = [...reader.read(Buffer.alloc(990))];
    assert.deepEqual(
      [...first, ...rest].map((frame) => frame.type === 'data' && [frame.data.length, frame.fin]),
      [
        [10, false],
        [990, true],
      ],
    );
  });

  it('splits what is more than a frame can carry', () => {
    const data = Buffer.alloc(2 ** 24 + 5, 1);
    const frames = [...new FrameReader().read(encodeFrame({ type: 'data', streamId: 1, fin: true, data }))];
    assert.deepEqual(
      frames.map((frame) => frame.type === 'data' && [frame.data.length, frame.fin]),
      [
        [2 ** 24 - 1, false],
        [6, true],
      ],
    );
  });

  it('passes over what a receiver has to ignore', () => {
    for (const hex of [
      '8003 0004 00 000004 00000000',
      '8003 0009 00 000008 00000001 00000100',
      '8003 7777 00 000000',
    ]) {
      assert.deepEqual(
        [...new FrameReader().read(bytesOf(hex))].map(({ type }) => type),
        ['ignored'],
      );
    }
  });

  it('refuses another version, and frames too long or too short, by their header alone', () => {
    const tooLong = (MAX_CONTROL_LENGTH + 1).toString(16).padStart(6, '0');
    for (const hex of [
      '8002 0001 00 00000a',
      `8003 0001 00 ${tooLong}`,
      '8003 0001 00 000009',
      '8003 0006 00 000003',
    ]) {
      assert.throws(() => [...new FrameReader().read(bytesOf(hex))], SpdyError);
    }
  });
});

describe('SPDY header blocks', () => {
  const headersOf = (entries: Record<string, string>) => new Map(Object.entries(entries));

  it('knows the dictionary by its checksum', () => {
    let [a, b] = [1, 0];
    for (const byte of HEADER_DICTIONARY) {
      a = (a + byte) % 65_521;
      b = (b + a) % 65_521;
    }
    assert.equal(((b << 16) | a) >>> 0, 0xe3_c6_a7_c2);
  });

  it('reads the first frame of kubectl 1.27', async () => {
    const hex =
      '8003000100000029000000010000000000' + '0078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff';
    const [frame] = [...new FrameReader().read(bytesOf(hex))];
    assert.ok(frame?.type === 'syn-stream' && frame.streamId === 1 && !frame.fin);
    const blocks = new HeaderBlocks();
    assert.deepEqual(await blocks.decompress(frame.block), headersOf({ streamtype: 'error' }));
    blocks.close();
  });

  it('reads one after the other, as one zlib stream', async () => {
    const [client, server] = [new HeaderBlocks(), new HeaderBlocks()];
    const sent = [
      headersOf({ streamtype: 'error', port: '80' }),
      headersOf({ streamtype: 'data', port: '80' }),
      headersOf({}),
    ];
    for (const headers of sent) assert.deepEqual(await server.decompress(await client.compress(headers)), headers);
    for (const blocks of [client, server]) blocks.close();
  });

  it('refuses more headers than it takes, before they are all unpacked', async () => {
    const [client, server] = [new HeaderBlocks(), new HeaderBlocks()];
    const block = await client.compress(headersOf({ a: 'x'.repeat(40 * MAX_HEADERS_LENGTH) }));
    assert.ok(block.length < MAX_CONTROL_LENGTH);
    await assert.rejects(server.decompress(block), SpdyError);
    await assert.rejects(server.decompress(block), SpdyError);
    client.close();
  });

  it('refuses what is no zlib, another dictionary, and lengths that lie', async () => {
    const refused = async (block: Buffer) => {
      const blocks = new HeaderBlocks();
      await assert.rejects(blocks.decompress(block), SpdyError);
      blocks.close();
    };
    await refused(Buffer.from('no zlib at all'));
    await refused(Buffer.from('789c4bcbcf070002820145', 'hex'));
    const client = new HeaderBlocks();
    const whole = await client.compress(headersOf({ streamtype: 'error' }));
    client.close();
    await refused(whole.subarray(0, 8));
  });
});
