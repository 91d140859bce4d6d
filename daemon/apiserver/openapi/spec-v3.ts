/** OpenAPI v3: one document per group-version, with its paths and the types that these mention. Pure. */
import { type Definitions, REF, reachable, type Schema } from './definitions.ts';
import { definitionsOf, type Operation, type PathItem } from './operations.ts';
import { PATH_PARAMETERS, type Parameter } from './parameters.ts';

const COMPONENT = '#/components/schemas/';
/** Scalars that come in more than one JSON type, which only v3 can say. */
const EITHER: Readonly<Record<string, readonly { readonly type: string }[]>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': [{ type: 'integer' }, { type: 'string' }],
  'io.k8s.apimachinery.pkg.api.resource.Quantity': [{ type: 'string' }, { type: 'number' }],
};

export function specV3(title: string, version: string, items: readonly PathItem[], definitions: Definitions): unknown {
  const mentioned = reachable(definitions, definitionsOf(items));
  return {
    openapi: '3.0.0',
    info: { title, version },
    paths: Object.fromEntries(items.map((item) => [item.path, pathItem(item)])),
    components: {
      schemas: Object.fromEntries(Object.entries(mentioned).map(([name, schema]) => [name, component(name, schema)])),
    },
  };
}

function pathItem({ path, operations }: PathItem): unknown {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    parameters: names.map((name) => ({
      name,
      in: 'path',
      description: PATH_PARAMETERS[name],
      required: true,
      schema: { type: 'string', uniqueItems: true },
    })),
    ...Object.fromEntries(operations.map((each) => [each.method, operation(each)])),
  };
}

function operation({ action, id, description, tag, gvk, parameters, body, bodyTypes, answer, codes }: Operation) {
  return {
    tags: [tag],
    description,
    operationId: id,
    parameters: parameters.map(query),
    ...(body !== undefined && { requestBody: { content: contents(bodyTypes, body), required: action !== 'delete' } }),
    responses: Object.fromEntries(codes.map((code) => [code, response(code, answer)])),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  };
}

function query({ name, type, description }: Parameter): unknown {
  return { name, in: 'query', description, schema: { type, uniqueItems: true } };
}

function response(code: number, answer: string | undefined): unknown {
  const description = code === 201 ? 'Created' : 'OK';
  if (answer === undefined) return { description, content: { 'text/plain': { schema: { type: 'string' } } } };
  return { description, content: contents(['application/json'], answer) };
}

function contents(types: readonly string[], name: string): unknown {
  return Object.fromEntries(types.map((type) => [type, { schema: { $ref: `${COMPONENT}${name}` } }]));
}

function component(name: string, schema: Schema): unknown {
  const either = EITHER[name];
  if (either === undefined) return converted(schema);
  const { type: _, ...rest } = schema;
  return { ...rest, oneOf: either };
}

/** Beside a `$ref` nothing counts in v3: what is said of the field goes around it. */
function converted(schema: Schema): Record<string, unknown> {
  const { $ref, items, properties, additionalProperties, ...rest } = schema;
  const out: Record<string, unknown> = { ...rest };
  if (items !== undefined) out.items = converted(items);
  if (additionalProperties !== undefined) out.additionalProperties = converted(additionalProperties);
  if (properties !== undefined) {
    out.properties = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, converted(each)]));
  }
  if ($ref === undefined) return out;
  const target = { $ref: `${COMPONENT}${$ref.slice(REF.length)}` };
  return Object.keys(out).length === 0 ? target : { ...out, allOf: [target] };
}
