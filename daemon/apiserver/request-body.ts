/** Reading a request's body, no further than the limit. Handlers call it; what the bytes mean is theirs. */
import type { IncomingMessage } from 'node:http';
import { SampanError } from '../../reconcilers/ports/errors.ts';

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

/** Undefined where the body is empty; BadRequest where it is not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SampanError('BadRequest', { detail: `the body is not JSON: ${(cause as Error).message}` }, cause);
  }
}
