/**
 * A request's body as the value it carries: JSON, YAML or Kubernetes' protobuf, by its media type. Every write of the API server reads
 * its body here; what the value must be is for decoding to say. Pure.
 */
import type { Json } from '../../../reconcilers/objects/json.ts';
import { parseYaml, toJson } from '../../../reconcilers/objects/yaml-tree.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { APPLY_PATCH, JSON_PATCH, MERGE_PATCH, mediaTypeOf, STRATEGIC_MERGE_PATCH } from '../patch/patch.ts';
import { decodeProtobuf } from '../protobuf/decode-protobuf.ts';
import { duplicateFields, nestsDeeperThan } from './json-scan.ts';

export const BODY_TYPES: readonly string[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

/** Deeper than any object of Kubernetes, and shallow enough for every function that walks a value by calling itself. */
const MAX_DEPTH = 500;

export interface ParsedBody {
  /** Undefined: there is no body. */
  readonly value: Json | undefined;
  /** `duplicate field "spec.replicas"`: what `fieldValidation` Strict refuses and Warn warns of. Looked for when asked. */
  duplicates(): string[];
}

/**
 * `contentType` is the header as it came; without one the body is JSON. BadRequest where the body is not what it says it is,
 * UnsupportedMediaType for media types no body may have.
 */
export function parseBody(contentType: string | undefined, body: Buffer): ParsedBody {
  const type = mediaTypeOf(contentType ?? '');
  switch (type) {
    case '':
    case '*/*':
    case 'application/json':
    case JSON_PATCH:
    case MERGE_PATCH:
    case STRATEGIC_MERGE_PATCH:
      return body.length === 0 ? nothing() : parseJson(body.toString('utf8'));
    case 'application/yaml':
    case APPLY_PATCH:
      return body.length === 0 ? nothing() : parseJsonOrYaml(body.toString('utf8'));
    case 'application/vnd.kubernetes.protobuf':
      return body.length === 0 ? nothing() : { value: decodeProtobuf(body).object, duplicates: () => [] };
    default:
      throw new SampanError('UnsupportedMediaType', { supported: BODY_TYPES.join(', ') });
  }
}

function nothing(): ParsedBody {
  return { value: undefined, duplicates: () => [] };
}

function parseJson(text: string): ParsedBody {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw badRequest(`the body is not JSON: ${(cause as Error).message}`, cause);
  }
  if (nestsDeeperThan(text, MAX_DEPTH)) throw badRequest(`the body is nested deeper than ${MAX_DEPTH} levels`);
  return { value, duplicates: () => duplicateFields(text).map((path) => `duplicate field "${path}"`) };
}

/** kubectl sends server-side apply as JSON under YAML's name: the text that is JSON needs no YAML parser. */
function parseJsonOrYaml(text: string): ParsedBody {
  if (!/^\s*[{[]/.test(text)) return readYaml(text);
  try {
    JSON.parse(text);
  } catch {
    return readYaml(text);
  }
  return parseJson(text);
}

function readYaml(text: string): ParsedBody {
  const documents = parseYaml(text).filter(({ root, problems }) => root !== undefined || problems.length > 0);
  const [document, second] = documents;
  if (document === undefined) return nothing();
  if (second !== undefined) throw badRequest('error decoding YAML: the body holds more than one document');
  const { root, problems } = document;
  const isDuplicate = (message: string): boolean => message.startsWith('duplicate field ');
  const fatal = problems.find(({ message }) => !isDuplicate(message));
  if (root === undefined || fatal !== undefined) {
    const line = text.slice(0, fatal?.offset ?? 0).split('\n').length;
    throw badRequest(`error decoding YAML: line ${line}: ${fatal?.message ?? 'it is empty'}`);
  }
  return { value: toJson(root), duplicates: () => problems.map(({ message }) => message) };
}

function badRequest(detail: string, cause?: unknown): SampanError {
  return new SampanError('BadRequest', { detail }, cause);
}
