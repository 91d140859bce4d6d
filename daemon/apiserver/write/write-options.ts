/** What a write's query says: dry run, who writes, what becomes of unknown fields. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { type FieldError, invalid, unsupported } from '../../../reconcilers/objects/field-error.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { isFlagSet } from '../../serving/query-flag.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface RequestedWrite {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** As the request names it, else the name of the client program. */
  readonly fieldManager: string;
  /** Of an apply: take over the fields of others. */
  readonly force: boolean;
}

const FIELD_VALIDATIONS: readonly string[] = ['Ignore', 'Warn', 'Strict'];
const MAX_MANAGER_LENGTH = 128;

/** Invalid, named after `kind` (`CreateOptions`), where a parameter is none of those there are. */
export function requestedWrite(query: URLSearchParams, headers: IncomingHttpHeaders, kind: string): RequestedWrite {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  const manager = query.get('fieldManager') ?? '';
  const problems: FieldError[] = [
    ...dryRun.filter((value) => value !== 'All').map((value) => unsupported('dryRun', value, ['All'])),
    ...(FIELD_VALIDATIONS.includes(fieldValidation)
      ? []
      : [unsupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS)]),
    ...managerProblems(manager),
  ];
  if (problems.length > 0) {
    const detail = problems.map(String).join(', ');
    throw new SampanError('Invalid', { kind: `${kind}.meta.k8s.io`, name: '', detail, problems });
  }
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation as FieldValidation,
    fieldManager: manager || programOf(headers['user-agent']),
    force: isFlagSet(query, 'force'),
  };
}

function managerProblems(manager: string): FieldError[] {
  if (manager.length > MAX_MANAGER_LENGTH) {
    return [invalid('fieldManager', manager, `may not be more than ${MAX_MANAGER_LENGTH} bytes`)];
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return /[\u0000-\u001f\u007f]/.test(manager)
    ? [invalid('fieldManager', manager, 'should only contain printable characters')]
    : [];
}

/** `kubectl/v1.33.1 (linux/amd64)` → `kubectl` */
function programOf(userAgent = 'unknown'): string {
  return (userAgent.split('/')[0] || 'unknown').slice(0, MAX_MANAGER_LENGTH);
}
