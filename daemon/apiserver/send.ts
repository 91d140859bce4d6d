/** Answers: text or bytes with their length, compressed where that is worth it and the client takes it; and parts of streams. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpExchange } from '../serving/http-exchange.ts';

/** Bytes whose number is known, in pieces that are small and many. */
export interface Pieces extends Iterable<Buffer> {
  readonly length: number;
}

/** Kubernetes' own threshold: below it, compressing costs more than it saves. */
const WORTH_COMPRESSING = 128 * 1024;
/** What is encrypted and written at once. */
const PART_BYTES = 64 * 1024;
const compress = promisify(gzip);

/** Resolves when the last of it is on its way; a client that reads slowly is waited for, and holds no more than a part. */
export async function sendText(
  { request, response, signal }: HttpExchange,
  code: number,
  contentType: string,
  content: string | Buffer | Pieces,
): Promise<void> {
  const headers = { 'content-type': contentType, 'cache-control': 'no-cache, private' };
  // Encoded once, for the length and the socket, which takes a long string at a multiple of its size.
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  if (body.length >= WORTH_COMPRESSING && takesGzip(request)) {
    const whole = Buffer.isBuffer(body) ? body : Buffer.concat([...body], body.length);
    const compressed = await compress(whole, { level: 1 });
    const encoding = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };
    response.writeHead(code, { ...headers, 'content-length': compressed.length, ...encoding });
    response.end(compressed);
    return;
  }
  response.writeHead(code, { ...headers, 'content-length': body.length });
  if (Buffer.isBuffer(body)) {
    response.end(body);
    return;
  }
  await sendPieces(response, body, signal);
  response.end();
}

/**
 * Gathers the pieces in one buffer, which is filled again when it is written: fresh memory for all of a long list, here and in what
 * encrypts it, would cost more than the encryption.
 */
async function sendPieces(response: ServerResponse, pieces: Pieces, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(PART_BYTES, pieces.length));
  let filled = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const taken = piece.copy(buffer, filled, from);
      from += taken;
      filled += taken;
      if (filled < buffer.length) continue;
      await written(response, buffer, signal);
      filled = 0;
    }
  }
  if (filled > 0) await written(response, buffer.subarray(0, filled), signal);
}

/** Resolves when nobody reads `part` any more; an AbortError where the client is gone. */
async function written(response: ServerResponse, part: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = () => reject(signal.reason);
  // Of a response that still waits for the one before it, node:http forgets the callback when the connection goes.
  signal.addEventListener('abort', gone, { once: true });
  response.write(part, (error) => {
    if (error) reject(new DOMException(error.message, 'AbortError'));
    else resolve();
  });
  await promise.finally(() => signal.removeEventListener('abort', gone));
}

/** A part of a stream; resolves when there is room for the next one. */
export async function sendPart(response: ServerResponse, part: string | Buffer, signal: AbortSignal): Promise<void> {
  if (!response.write(part)) await once(response, 'drain', { signal });
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(String(headers['accept-encoding'] ?? ''));
}
