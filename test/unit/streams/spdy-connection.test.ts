import assert from 'node:assert/strict';
import { Duplex, duplexPair } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SpdyConnection } from '../../../daemon/node-server/spdy/connection.ts';
import { encodeFrame, type Frame, FrameReader } from '../../../daemon/node-server/spdy/frames.ts';
import type { SpdyStream } from '../../../daemon/node-server/spdy/spdy-stream.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { SpdyClient } from '../../fakes/spdy-client.ts';

/** Opens stream 1, `streamtype: error`. */
const KUBECTLS_FIRST_FRAME = Buffer.from(
  '800300010000002900000001000000000000' + '78f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff',
  'hex',
);

describe('SpdyConnection', () => {
  let opened: SpdyStream[];
  let client: SpdyClient;
  let connection: SpdyConnection;

  /** `onStream`: what the server does with each. */
  const connect = (onStream: (stream: SpdyStream) => void = () => {}): void => {
    const [here, there] = duplexPair();
    opened = [];
    connection = new SpdyConnection(here, (stream) => {
      opened.push(stream);
      onStream(stream);
    });
    client = new SpdyClient(there);
  };
  const echo = (stream: SpdyStream) => void pipeline(stream, stream).catch(() => {});

  afterEach(async () => {
    client.destroy();
    connection.destroy();
    await connection.closed;
  });

  it('opens the streams of a client with their headers, in order', async () => {
    connect();
    await client.open({ streamtype: 'error', port: '80' });
    await client.open({ StreamType: 'data', port: '81' });
    await eventually(() => opened.length === 2, { describe: 'both streams' });
    assert.deepEqual(
      opened.map(({ id, headers }) => [id, headers.get('streamtype'), headers.get('port')]),
      [
        [1, 'error', '80'],
        [3, 'data', '81'],
      ],
    );
  });

  it('carries many streams at once, each whole and to its end', async () => {
    connect(echo);
    const streams = await Promise.all(Array.from({ length: 20 }, () => client.open({ streamtype: 'data' })));
    await Promise.all(
      streams.map(async (stream) => {
        for (let part = 0; part < 20; part++) await stream.send(Buffer.alloc(10_000, stream.id));
        stream.end();
        await stream.ended;
        const all = Buffer.concat(stream.received);
        assert.equal(all.length, 200_000);
        assert.ok(all.equals(Buffer.alloc(200_000, stream.id)));
      }),
    );
  });

  it('lets each side end its direction by itself', async () => {
    connect();
    const stream = await client.open({ streamtype: 'data' });
    await eventually(() => opened.length === 1, { describe: 'the stream' });
    const [served] = opened as [SpdyStream];
    served.end('server first');
    await stream.ended;
    assert.equal(stream.text(), 'server first');
    await stream.send('then the client');
    stream.end();
    assert.equal(Buffer.concat(await served.toArray()).toString(), 'then the client');
  });

  it('tells each side that the other has reset a stream', async () => {
    connect((stream) => (stream.id === 3 ? stream.destroy() : undefined));
    const first = await client.open({ streamtype: 'data' });
    const second = await client.open({ streamtype: 'data' });
    await assert.rejects(second.ended, /reset: 5/);
    first.reset();
    await eventually(() => opened[0]?.destroyed, { describe: 'the reset to arrive' });
    await second.send('too late');
    client.ping(9);
    await eventually(() => client.frames.length > 0, { describe: 'the connection to go on' });
  });

  it("answers a client's ping, and sends its own", async () => {
    connect();
    client.ping(7);
    connection.ping();
    await eventually(() => client.frames.length === 2, { describe: 'both pings' });
    assert.deepEqual(client.frames, [
      { type: 'ping', id: 2 },
      { type: 'ping', id: 7 },
    ]);
  });

  it('reads no more than it can hold of a stream that nobody reads, and goes on when somebody does', async () => {
    connect();
    const stream = await client.open({ streamtype: 'data' });
    const total = 8 * 2 ** 20;
    let sent = 0;
    const sending = (async () => {
      for (; sent < total; sent += 65_536) await stream.send(Buffer.alloc(65_536));
      stream.end();
    })();
    await eventually(() => opened[0] && opened[0].readableLength >= 256 * 1024, { describe: 'the stream to be full' });
    client.ping(1);
    // Two turns of the event loop are more than a pair of streams in memory needs.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(sent < 2 ** 20, `${sent} bytes were taken`);
    let received = 0;
    for await (const data of opened[0] as SpdyStream) received += data.length;
    assert.equal(received, total);
    await sending;
  });

  it('ends its streams with the connection', async () => {
    connect();
    await client.open({ streamtype: 'data' });
    await eventually(() => opened.length === 1, { describe: 'the stream' });
    client.destroy();
    await connection.closed;
    assert.ok(opened[0]?.destroyed);
  });

  it('says goodbye after what it wrote', async () => {
    connect((stream) => {
      stream.end('last words', () => connection.close());
    });
    const stream = await client.open({ streamtype: 'data' });
    await stream.ended;
    assert.equal(stream.text(), 'last words');
    await eventually(() => client.frames.length === 1, { describe: 'the goodbye' });
    assert.deepEqual(client.frames, [{ type: 'goaway', lastStreamId: 1, status: 0 }]);
  });

  describe('after its goodbye', () => {
    const GOODBYE_MS = 40;
    const FRAMES = 20;
    /** A transport on which one frame at a time gets through, when `next` is called. */
    const slow = () => {
      const seen: Buffer[] = [];
      const waiting: (() => void)[] = [];
      const write = (chunk: Buffer, _: unknown, done: () => void) => {
        waiting.push(() => {
          seen.push(chunk);
          done();
        });
      };
      const transport = new Duplex({ read: () => {}, write });
      return { transport, next: () => waiting.shift()?.(), seen };
    };
    const leave = (transport: Duplex) => {
      const leaving = new SpdyConnection(transport, () => {}, GOODBYE_MS);
      for (let frame = 0; frame < FRAMES; frame++) leaving.ping();
      leaving.close();
      return leaving;
    };

    it('waits for a client that still reads, however slowly', async () => {
      const { transport, next, seen } = slow();
      const { closed } = leave(transport);
      const reading = setInterval(next, GOODBYE_MS / 2);
      await closed;
      clearInterval(reading);
      assert.equal(seen.length, FRAMES + 1, 'the goodbye came last, and came');
    });

    it('hangs up on one that does not', async () => {
      const { transport, next, seen } = slow();
      const { closed } = leave(transport);
      next();
      await closed;
      assert.ok(seen.length < FRAMES);
    });
  });

  it('refuses more streams than it has room for', async () => {
    connect();
    for (let count = 0; count < 1_000; count++) await client.open({ streamtype: 'data' });
    const tooMany = await client.open({ streamtype: 'data' });
    await assert.rejects(tooMany.ended, /reset: 3/);
    assert.equal(opened.length, 1_000);
  });

  describe('whatever comes in', () => {
    /** Feeds bytes and resolves to the frames that came back, when the connection has ended. */
    const feed = async (bytes: readonly Buffer[]): Promise<Frame[]> => {
      const [here, there] = duplexPair();
      const served = new SpdyConnection(here, echo);
      const reader = new FrameReader();
      const frames: Frame[] = [];
      const reading = (async () => {
        for await (const data of there) frames.push(...reader.read(data));
      })();
      for (const each of bytes) await write(there, each);
      there.end();
      await reading.catch(() => {});
      await served.closed;
      return frames;
    };
    const lastOf = async (...frames: Buffer[]) => (await feed(frames)).at(-1);
    const PROTOCOL_ERROR = { type: 'goaway', lastStreamId: 0, status: 1 };

    it('says goodbye to a client that breaks the protocol', async () => {
      assert.deepEqual(await lastOf(Buffer.from('GET / HTTP/1.1\r\n\r\n')), PROTOCOL_ERROR);
      assert.deepEqual(await lastOf(Buffer.from('80020001000000', 'hex'), Buffer.alloc(20)), PROTOCOL_ERROR);
      const data = encodeFrame({ type: 'data', streamId: 1, fin: false, data: Buffer.from('x') });
      assert.deepEqual(await lastOf(data), PROTOCOL_ERROR);
      const noHeaders = encodeFrame({ type: 'syn-stream', streamId: 1, fin: false, block: Buffer.from('no zlib') });
      assert.deepEqual(await lastOf(noHeaders), PROTOCOL_ERROR);
      const reply = encodeFrame({ type: 'syn-reply', streamId: 1, fin: false, block: Buffer.alloc(0) });
      assert.deepEqual(await lastOf(reply), PROTOCOL_ERROR);
    });

    it('never throws and never hangs: 10,000 frames of garbage', async function () {
      this.timeout(60_000);
      const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
      console.log(`      FUZZ_SEED=${seed}`);
      const random = new SeededRandom(seed);
      const below = (limit: number) => Math.floor(random.next() * limit);
      const noise = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
      const garbage = (): Buffer => {
        const streamId = below(6);
        switch (below(8)) {
          case 0:
            return noise(below(64));
          case 1:
            return encodeFrame({ type: 'data', streamId, fin: below(2) === 0, data: noise(below(200)) });
          case 2:
            return encodeFrame({ type: 'syn-stream', streamId, fin: below(2) === 0, block: noise(below(40)) });
          case 3:
            return encodeFrame({ type: 'rst-stream', streamId, status: below(9) });
          case 4:
            return encodeFrame({ type: 'ping', id: below(9) });
          case 5:
            return encodeFrame({ type: 'goaway', lastStreamId: streamId, status: below(3) });
          case 6:
            return encodeFrame({ type: 'headers', streamId, fin: below(2) === 0, block: noise(below(40)) });
          default: {
            const frame = encodeFrame({ type: 'data', streamId, fin: false, data: noise(below(20)) });
            frame[below(frame.length)] = below(256);
            return frame.subarray(0, 1 + below(frame.length));
          }
        }
      };
      for (let fed = 0; fed < 10_000; fed += 20) {
        const begins = below(2) === 0 ? [KUBECTLS_FIRST_FRAME] : [];
        await feed([...begins, ...Array.from({ length: 20 - begins.length }, garbage)]);
      }
    });
  });
});

/** Also where the other side takes nothing more. */
function write(stream: Duplex, data: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (data.length === 0 || !stream.writable) return resolve();
    const done = () => {
      stream.off('close', done);
      resolve();
    };
    stream.once('close', done);
    stream.write(data, done);
  });
}
