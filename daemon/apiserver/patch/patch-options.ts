/** What the media type of a PATCH asks of its query: the rules of PatchOptions that other writes do not have. Pure. */
import { type FieldError, forbidden, required } from '../../../reconcilers/objects/field-error.ts';
import { APPLY_PATCH, mediaTypeOf } from './patch.ts';

/** To apply needs a `fieldManager`, and nothing but applying can be forced. */
export function problemsOfPatchOptions(contentType: string, query: URLSearchParams): FieldError[] {
  if (mediaTypeOf(contentType) !== APPLY_PATCH) {
    return query.has('force') ? [forbidden('force', 'may not be specified for non-apply patch')] : [];
  }
  return query.get('fieldManager') ? [] : [required('fieldManager', 'is required for apply patch')];
}
