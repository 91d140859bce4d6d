/** OpenAPI v2: one document for everything. kubectl before 1.29 validates by it, and every kubectl the items of a List. Pure. */
import { type Definitions, REF, reachable, type Schema } from './definitions.ts';
import { definitionsOf, type Operation, type PathItem } from './operations.ts';
import { PATH_PARAMETERS } from './parameters.ts';
import type { Method } from './verb-forms.ts';

export interface SpecV2 {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItemV2>>;
  readonly definitions: Definitions;
}

export type PathItemV2 = { readonly parameters: readonly ParameterV2[] } & Partial<Record<Method, OperationV2>>;

export interface OperationV2 {
  readonly tags: readonly string[];
  readonly description: string;
  readonly operationId: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly parameters: readonly ParameterV2[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
  readonly 'x-kubernetes-action': string;
  readonly 'x-kubernetes-group-version-kind': {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  };
}

export interface ParameterV2 {
  readonly name: string;
  readonly in: 'path' | 'query' | 'body';
  readonly description?: string;
  readonly type?: string;
  readonly required?: boolean;
  readonly uniqueItems?: boolean;
  readonly schema?: Schema;
}

export function specV2(title: string, version: string, items: readonly PathItem[], definitions: Definitions): SpecV2 {
  return {
    swagger: '2.0',
    info: { title, version },
    paths: Object.fromEntries(items.map((item) => [item.path, pathItem(item)])),
    definitions: reachable(definitions, definitionsOf(items)),
  };
}

function pathItem({ path, operations }: PathItem): PathItemV2 {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    parameters: names.map((name) => ({
      name,
      in: 'path',
      description: PATH_PARAMETERS[name] ?? '',
      type: 'string',
      required: true,
      uniqueItems: true,
    })),
    ...Object.fromEntries(operations.map((each) => [each.method, operation(each)])),
  };
}

function operation(given: Operation): OperationV2 {
  const { action, id, description, tag, gvk, parameters, body, bodyTypes, answer, codes } = given;
  const schema: Schema = answer === undefined ? { type: 'string' } : { $ref: `${REF}${answer}` };
  const bodies: ParameterV2[] =
    body === undefined
      ? []
      : [{ name: 'body', in: 'body', required: action !== 'delete', schema: { $ref: `${REF}${body}` } }];
  return {
    tags: [tag],
    description,
    operationId: id,
    consumes: bodyTypes,
    produces: [answer === undefined ? 'text/plain' : 'application/json'],
    parameters: [...bodies, ...parameters.map((each) => ({ ...each, in: 'query' as const, uniqueItems: true }))],
    responses: Object.fromEntries(
      codes.map((code) => [code, { description: code === 201 ? 'Created' : 'OK', schema }]),
    ),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  };
}
