/** Answers: text or bytes with their length, compressed where that is worth it and the client takes it; and parts of streams. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Kubernetes' own threshold: below it, compressing costs more than it saves. */
const WORTH_COMPRESSING = 128 * 1024;
const compress = promisify(gzip);

export async function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  contentType: string,
  text: string | Buffer,
): Promise<void> {
  const headers = { 'content-type': contentType, 'cache-control': 'no-cache, private' };
  // Encoded once, for the length and the socket, which takes a long string at a multiple of its size.
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  if (bytes.length < WORTH_COMPRESSING || !takesGzip(request)) {
    response.writeHead(code, { ...headers, 'content-length': bytes.length });
    response.end(bytes);
    return;
  }
  const body = await compress(bytes, { level: 1 });
  response.writeHead(code, {
    ...headers,
    'content-length': body.length,
    'content-encoding': 'gzip',
    vary: 'Accept-Encoding',
  });
  response.end(body);
}

/** A part of a stream; resolves when there is room for the next one. */
export async function sendPart(response: ServerResponse, part: string | Buffer, signal: AbortSignal): Promise<void> {
  if (!response.write(part)) await once(response, 'drain', { signal });
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(String(headers['accept-encoding'] ?? ''));
}
