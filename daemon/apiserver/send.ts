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
  text: string | Buffer | readonly Buffer[],
): Promise<void> {
  const headers = { 'content-type': contentType, 'cache-control': 'no-cache, private' };
  // Encoded once, for the length and the socket, which takes a long string at a multiple of its size.
  const parts = [typeof text === 'string' ? Buffer.from(text) : text].flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length < WORTH_COMPRESSING || !takesGzip(request)) {
    response.writeHead(code, { ...headers, 'content-length': length });
    for (const part of parts.slice(0, -1)) response.write(part);
    response.end(parts.at(-1));
    return;
  }
  const body = await compress(Buffer.concat(parts, length), { level: 1 });
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
