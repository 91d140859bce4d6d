/**
 * A document that stands as long as the daemon runs: discovery, OpenAPI. It is encoded once, named by a hash of its content, and a
 * client that has that content already is told so instead of being sent it again.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Exchange } from './exchange.ts';

export interface Document {
  readonly contentType: string;
  /** Changes whenever the content does. */
  readonly hash: string;
  readonly body: Buffer;
  /** `gzip` where `body` is compressed. */
  readonly encoding?: 'gzip';
}

export function jsonDocument(content: unknown, contentType = 'application/json'): Document {
  const body = Buffer.from(`${JSON.stringify(content)}\n`);
  return { contentType, hash: hashOf(body), body };
}

/** In capital hex digits, as Kubernetes writes its hashes. */
export function hashOf(...content: readonly (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const part of content) hash.update(part);
  return hash.digest('hex').toUpperCase();
}

/** Sends the document, or 304 where `If-None-Match` names its hash. */
export function sendDocument(
  { request, response }: Exchange,
  { contentType, hash, body, encoding }: Document,
  cacheControl: string,
): void {
  const etag = `"${hash}"`;
  const headers = { etag, vary: 'Accept, Accept-Encoding', 'cache-control': cacheControl };
  if (names(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'content-type': contentType,
    'content-length': body.length,
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  });
  response.end(body);
}

/** The path that a request names, without its query and a slash at its end. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] as string;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Documents are read, nothing else. */
export function assertRead({ request }: Exchange): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new SampanError('MethodNotAllowed');
}

/** Whether an If-None-Match header names the tag; weak ones count as well (RFC 9110, section 13.1.2). */
function names(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
