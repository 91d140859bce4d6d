/** Docker's refusals as errors of the port, for whoever asks it something. A refusal that means something special is not for here. */
import { type ErrorCode, SampanError } from '../../../reconcilers/ports/errors.ts';
import { DockerRefusal } from './docker-client.ts';

/** A refusal that has no meaning of its own here becomes `code` with Docker's sentence; other errors stay as they are. */
export function toSampanError(error: unknown, code: ErrorCode, details: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof DockerRefusal)) return error;
  return new SampanError(code, { ...details, detail: `Docker: ${error.message}` }, error);
}

/** {@link toSampanError} for a `catch`. */
export function translate(code: ErrorCode, details: Readonly<Record<string, unknown>>): (error: unknown) => never {
  return (error) => {
    throw toSampanError(error, code, details);
  };
}
