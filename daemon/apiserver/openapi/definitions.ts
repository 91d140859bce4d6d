/**
 * Every type of the API with its fields and descriptions, as hack/generate-openapi.ts wrote them. Half a megabyte that few clients
 * ask for: it is read when they do, made into documents, and not kept.
 */
import { readFile } from 'node:fs/promises';

/** A schema as OpenAPI v2 writes it; `$ref` is `#/definitions/NAME`. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** By name: `io.k8s.api.core.v1.Pod`. */
export type Definitions = Readonly<Record<string, Schema>>;

export const REF = '#/definitions/';

const FILE = new URL('./definitions.generated.json', import.meta.url);

export async function readDefinitions(): Promise<Definitions> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Definitions;
}

/** The names of the kinds' definitions, by `group/version/kind`. */
export function namesByKind(definitions: Definitions): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    for (const kind of schema['x-kubernetes-group-version-kind'] ?? []) names.set(kindKey(kind), name);
  }
  return names;
}

export function kindKey({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

/** Those of the definitions that `roots` name, and all that these mention, in alphabetical order. */
export function reachable(definitions: Definitions, roots: Iterable<string>): Definitions {
  const found = new Map<string, Schema>();
  const visit = (name: string) => {
    if (found.has(name)) return;
    const schema = definitions[name];
    if (schema === undefined) throw new Error(`there is no definition ${name}`);
    found.set(name, schema);
    for (const mentioned of namesIn(schema)) visit(mentioned);
  };
  for (const name of roots) visit(name);
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The definitions that a schema refers to. */
function namesIn(schema: Schema): readonly string[] {
  const own = schema.$ref === undefined ? [] : [schema.$ref.slice(REF.length)];
  const inner = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return [...own, ...inner.flatMap((each) => (each === undefined ? [] : namesIn(each)))];
}
