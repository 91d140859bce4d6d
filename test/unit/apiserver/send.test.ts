import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendText } from '../../../daemon/apiserver/send.ts';
import { isAbort } from '../../../reconcilers/ports/errors.ts';

const MEGABYTE = 1024 * 1024;

/** Serves `content` once, and answers what came of it beside the client's response. */
async function serving(
  content: string | (Iterable<Buffer> & { length: number }),
  headers: Record<string, string> = {},
): Promise<{ response: IncomingMessage; sent: Promise<unknown>; close: () => void }> {
  const outcome = Promise.withResolvers<unknown>();
  const server = createServer((asked: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const exchange = { request: asked, response, signal: gone.signal };
    outcome.resolve(
      sendText(exchange, 200, 'application/json', content).then(
        () => 'sent',
        (error) => error,
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers, agent: false }, resolve).on('error', reject).end();
  });
  return {
    response,
    sent: outcome.promise,
    close: () => {
      response.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Pieces of many lengths, longer than what is written at once among them; `taken` counts those that were asked for. */
function piecesOf(lengths: readonly number[]) {
  const pieces = lengths.map((length, index) => Buffer.alloc(length, 'abcdefg'.charCodeAt(index % 7)));
  const asked = { taken: 0 };
  function* each() {
    for (const piece of pieces) {
      asked.taken += 1;
      yield piece;
    }
  }
  const length = lengths.reduce((a, b) => a + b, 0);
  return { asked, whole: Buffer.concat(pieces), content: { length, [Symbol.iterator]: each } };
}

describe('an answer in pieces', () => {
  it('arrives whole, whatever the lengths of its pieces', async () => {
    const { content, whole } = piecesOf([2, 65_535, 1, 0, 300_000, 7, 65_536, 3]);
    const { response, sent, close } = await serving(content);
    assert.equal(response.headers['content-length'], String(whole.length));
    const chunks = await response.toArray();
    assert.ok(Buffer.concat(chunks).equals(whole));
    assert.equal(await sent, 'sent');
    close();
  });

  it('is compressed for who takes that', async () => {
    const { content } = piecesOf([MEGABYTE]);
    const { response, close } = await serving(content, { 'accept-encoding': 'gzip' });
    assert.equal(response.headers['content-encoding'], 'gzip');
    assert.ok(Number(response.headers['content-length']) < MEGABYTE / 10);
    close();
  });

  it('waits for a client that does not read, and ends with it', async () => {
    const { content, asked } = piecesOf(Array.from({ length: 64 }, () => MEGABYTE));
    const { response, sent, close } = await serving(content);
    await new Promise((resolve) => response.once('readable', resolve));
    assert.ok(asked.taken < 32, `${asked.taken} MB were made for a client that reads nothing`);
    response.destroy();
    assert.ok(isAbort(await sent), `it ended with ${String(await sent)}`);
    close();
  });
});
