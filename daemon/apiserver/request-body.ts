/** Reading a request's body, no further than the limit. Handlers call it; what the bytes mean is theirs. */
import type { IncomingMessage } from 'node:http';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { type ParsedBody, parseBody } from './body/parse-body.ts';

/** Kubernetes' own limit. */
export const BODY_LIMIT = 3 * 1024 * 1024;

/** RequestEntityTooLarge where there is more than the limit; the rest is then left unread, and the connection open for the answer. */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new SampanError('RequestEntityTooLarge', { detail: `limit is ${BODY_LIMIT}` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as its media type says; BadRequest or UnsupportedMediaType where it is not that. */
export async function readBody(request: IncomingMessage): Promise<ParsedBody> {
  return parseBody(request.headers['content-type'], await readBytes(request));
}
