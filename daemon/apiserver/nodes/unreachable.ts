/** What a client is told where a node, or a program behind the API, cannot be asked. */
import { SampanError } from '../../../reconcilers/ports/errors.ts';

/** Without a time to come back: kubectl would, ten times and silently, before it says why. */
export function unreachable(detail: string, cause?: unknown): SampanError {
  return new SampanError('ServiceUnavailable', { detail, retryAfterSeconds: 0 }, cause);
}
