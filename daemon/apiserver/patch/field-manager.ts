/** Who writes: the field manager of a request, and the options of a PATCH that go with it. Pure. */
import { type FieldError, forbidden, invalid, required, tooLong } from '../../../reconcilers/objects/field-error.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { APPLY_PATCH, mediaTypeOf } from './patch.ts';

const MAX_LENGTH = 128;

/** `fieldManager` of the query; without it what the user agent begins with (`kubectl`, `curl`). */
export function fieldManagerOf(query: URLSearchParams, userAgent: string | undefined): string {
  const given = query.get('fieldManager') ?? '';
  if (given !== '') return given;
  const [product = ''] = (userAgent ?? '').split('/');
  return [...product].filter(isPrintable).join('').slice(0, MAX_LENGTH);
}

/** Invalid where a PATCH's `fieldManager` or `force` is none, or does not go with its media type. */
export function checkPatchOptions(contentType: string, query: URLSearchParams): void {
  const manager = query.get('fieldManager') ?? '';
  const force = query.get('force');
  const problems: FieldError[] = [];
  if (mediaTypeOf(contentType) !== APPLY_PATCH) {
    if (force !== null) problems.push(forbidden('force', 'may not be specified for non-apply patch'));
  } else if (manager === '') {
    problems.push(required('fieldManager', 'is required for apply patch'));
  }
  problems.push(...problemsOfManager(manager));
  if (problems.length === 0) return;
  const texts = problems.map(String);
  const detail = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  throw new SampanError('Invalid', { kind: 'PatchOptions.meta.k8s.io', name: '', detail, problems });
}

function problemsOfManager(manager: string): FieldError[] {
  if (manager.length > MAX_LENGTH) return [tooLong('fieldManager', MAX_LENGTH)];
  const bad = [...manager].findIndex((character) => !isPrintable(character));
  if (bad < 0) return [];
  const code = [...manager][bad]?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return [invalid('fieldManager', manager, `invalid character U+${code} (at position ${bad})`)];
}

function isPrintable(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}]/u.test(character);
}
