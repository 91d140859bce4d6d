/**
 * OpenAPI v2 as protobuf, the only form that kubectl reads it in: gnostic's message openapi.v2.Document, by hand. Field numbers are
 * those of github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto; of its fields, those that our documents have. Pure.
 */
import type { Schema } from './definitions.ts';
import { encode, flag, type Message, message, type Part, text, texts } from './protobuf-writer.ts';
import type { OperationV2, ParameterV2, PathItemV2, SpecV2 } from './spec-v2.ts';
import type { Method } from './verb-forms.ts';

export function encodeSpecV2({ swagger, info, paths, definitions }: SpecV2): Buffer {
  return encode([
    text(1, swagger),
    message(2, [text(1, info.title), text(2, info.version)]),
    message(8, named(2, paths, pathItem)),
    message(9, named(1, definitions, schema)),
  ]);
}

const METHOD_FIELDS: Readonly<Record<Method, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(item: PathItemV2): Message {
  const operations = Object.entries(METHOD_FIELDS).map(([method, field]): Part => {
    const given = item[method as Method];
    return given === undefined ? [] : message(field, operation(given));
  });
  return [...operations, ...item.parameters.map((each) => message(9, parametersItem(each)))];
}

function operation(given: OperationV2): Message {
  const { tags, description, operationId, consumes, produces, parameters, responses } = given;
  const codes = named(1, responses, (response) => [
    message(1, [text(1, response.description), message(2, [message(1, schema(response.schema))])]),
  ]);
  return [
    texts(1, tags),
    text(3, description),
    text(5, operationId),
    texts(6, produces),
    texts(7, consumes),
    ...parameters.map((each) => message(8, parametersItem(each))),
    message(9, codes),
    extensions(13, given),
  ];
}

/** ParametersItem > Parameter > BodyParameter, or NonBodyParameter > that of its place. */
function parametersItem(parameter: ParameterV2): Message {
  const { in: place, name, description, type, required, uniqueItems } = parameter;
  if (place === 'body') {
    const body = [text(1, description), text(2, name), text(3, place), flag(4, required)];
    return [message(1, [message(1, [...body, message(5, schema(parameter.schema ?? {}))])])];
  }
  const common = [flag(1, required), text(2, place), text(3, description), text(4, name)];
  const own =
    place === 'query'
      ? message(3, [...common, text(6, type), flag(20, uniqueItems)])
      : message(4, [...common, text(5, type), flag(19, uniqueItems)]);
  return [message(1, [message(2, [own])])];
}

function schema(given: Schema): Message {
  const { $ref, format, description, required, additionalProperties, type, items, properties } = given;
  return [
    text(1, $ref),
    text(2, format),
    text(4, description),
    texts(19, required),
    ...(given.enum ?? []).map((value) => message(20, any(value))),
    additionalProperties === undefined ? [] : message(21, [message(1, schema(additionalProperties))]),
    type === undefined ? [] : message(22, [text(1, type)]),
    items === undefined ? [] : message(23, [message(1, schema(items))]),
    properties === undefined ? [] : message(25, named(1, properties, schema)),
    extensions(31, given),
  ];
}

/** The `x-` fields, as NamedAny. */
function extensions(field: number, given: object): Message {
  const own = Object.entries(given).filter(([name]) => name.startsWith('x-'));
  return own.map(([name, value]) => message(field, [text(1, name), message(2, any(value))]));
}

/** Any: YAML text, of which JSON is a part. */
function any(value: unknown): Message {
  return [text(2, JSON.stringify(value))];
}

/** A map, as a repeated message of name and value. */
function named<T>(field: number, map: Readonly<Record<string, T>>, encode: (value: T) => Message): Message {
  return Object.entries(map).map(([name, value]) => message(field, [text(1, name), message(2, encode(value))]));
}
