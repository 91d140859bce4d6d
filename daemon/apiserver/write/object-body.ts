/** A request's body as an object of a kind: read, checked against the schema, and held against what the URL says. */
import type { ServerResponse } from 'node:http';
import { type DecodeProblem, decodeObject } from '../../../reconcilers/objects/decode.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../reconcilers/objects/json.ts';
import { describeProblem } from '../../../reconcilers/objects/manifest-problem.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ParsedBody } from '../body/parse-body.ts';
import type { ResourceRequest } from '../request-info.ts';
import { warn } from '../warnings.ts';
import type { View } from './view.ts';
import type { FieldValidation } from './write-options.ts';

type Typed = Pick<View, 'kind' | 'apiVersion' | 'stored'>;

/**
 * `body` as an object of the kind. Fields it does not have are refused, warned of or left out, as `fieldValidation` says; what has
 * the wrong type, or asks for what this build does not do, is always refused (BadRequest).
 */
export function objectOfBody(
  { value, duplicates }: ParsedBody,
  typed: Typed,
  fieldValidation: FieldValidation,
  response: ServerResponse,
): JsonObject {
  if (value === undefined) throw new SampanError('BadRequest', { detail: `a ${typed.kind} is expected as the body` });
  const { object, problems: decoded } = decodeAs(value, typed);
  const twice = fieldValidation === 'Ignore' ? [] : duplicates();
  const problems: DecodeProblem[] = [
    ...decoded,
    ...twice.map((message) => ({ field: '', message, type: 'duplicate' as const })),
  ];
  const isLenient = ({ type }: DecodeProblem) => type === 'unknown' || type === 'duplicate';
  const refused = fieldValidation === 'Strict' ? problems : problems.filter((problem) => !isLenient(problem));
  if (refused.length > 0) {
    const prefix = refused.every(isLenient) ? 'strict decoding error: ' : '';
    const { kind, apiVersion } = typed;
    const version = apiVersion.split('/').at(-1);
    throw new SampanError('BadRequest', {
      detail: `${kind} in version "${version}" cannot be handled as a ${kind}: ${prefix}${refused.map(describeProblem).join(', ')}`,
    });
  }
  if (fieldValidation === 'Warn') for (const problem of problems) warn(response, describeProblem(problem));
  return object;
}

/** Decoded as what is stored, where the body is of another group-version. */
function decodeAs(value: Json, { kind, apiVersion, stored }: Typed): ReturnType<typeof decodeObject> {
  if (stored === undefined || !isJsonObject(value)) return decodeObject(value, { kind, apiVersion });
  if ((value.apiVersion ?? apiVersion) !== apiVersion) return decodeObject(value, { kind, apiVersion });
  const { object, unknownFields } = stored(value);
  const decoded = decodeObject(object, { kind, apiVersion: String(object.apiVersion) });
  const unknown = unknownFields.map((field) => ({
    field,
    message: `unknown field "${field}"`,
    type: 'unknown' as const,
  }));
  return { object: decoded.object, problems: [...unknown, ...decoded.problems] };
}

/** The URL says where the object goes, and on an update which one it is; a body may repeat it, not contradict it. */
export function placed(
  object: JsonObject,
  { info, namespace, name }: ResourceRequest,
): JsonObject & { metadata: JsonObject } {
  const metadata = isJsonObject(object.metadata) ? object.metadata : {};
  const given = metadata.namespace ?? '';
  if (info.namespaced && given !== '' && given !== namespace) {
    throw new SampanError('BadRequest', {
      detail: `the namespace of the provided object does not match the namespace sent on the request`,
    });
  }
  if (name !== '' && (metadata.name ?? '') !== '' && metadata.name !== name) {
    throw new SampanError('BadRequest', {
      detail: `the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`,
    });
  }
  const { namespace: _namespace, ...rest } = metadata;
  return {
    ...object,
    metadata: { ...rest, ...(name !== '' && { name }), ...(info.namespaced && { namespace }) },
  };
}
