/** A Kubernetes Status as the error it was on the server, so that a loop meets the same ones wherever it runs. Pure. */
import { SampanError } from '../../../reconcilers/ports/errors.ts';

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly name?: string; readonly kind?: string; readonly group?: string };
}

export function errorOfStatus(code: number, text: string): SampanError {
  const { message = `${code}: ${text.slice(0, 200)}`, reason, details = {} } = parsed(text);
  const { name = '', kind = '', group } = details;
  const resource = group === undefined ? kind : `${kind}.${group}`;
  switch (reason) {
    case 'NotFound':
      return new SampanError('NotFound', { resource, name });
    case 'AlreadyExists':
      return new SampanError('AlreadyExists', { resource, name });
    case 'Conflict':
      return new SampanError('Conflict', { resource, name, detail: behind(message, `"${name}": `) });
    case 'Invalid':
      return new SampanError('Invalid', { kind: resource, name, detail: behind(message, `"${name}" is invalid: `) });
    case 'Unauthorized':
      return new SampanError('Unauthorized');
    case 'TooManyRequests':
      return new SampanError('TooManyRequests');
    case 'Expired':
      return new SampanError('StoreCompacted', { revision: 0, oldest: 0 });
  }
  if (code >= 500) return new SampanError('ServiceUnavailable', { detail: message });
  return new SampanError(code === 403 ? 'AccessDenied' : 'BadRequest', { detail: message });
}

function parsed(text: string): Status {
  try {
    return JSON.parse(text) as Status;
  } catch {
    return {};
  }
}

function behind(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(at + mark.length);
}
