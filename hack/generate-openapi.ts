/**
 * Writes daemon/apiserver/openapi/definitions.generated.json: every type of the API with its descriptions, taken from the official
 * client's classes. Where those have no description of a field, since it refers to another type, it comes from kubernetes-types, which
 * also keeps the paragraphs. Run by hand after an update of either: `node hack/generate-openapi.ts`. The daemon reads only its output.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as client from '@kubernetes/client-node';
import { type Definitions, type GroupVersionKind, REF, type Schema } from '../daemon/apiserver/openapi/definitions.ts';
import { type DocumentedField, type DocumentedType, readTypes } from './openapi/doc-comments.ts';
import { ENUMS } from './openapi/enums.ts';
import { FIELD_DESCRIPTIONS } from './openapi/field-descriptions.ts';
import { isAtomic, mergeRules } from './openapi/merge-rules.ts';
import {
  FIELDS_V1,
  INT_OR_STRING,
  META,
  MICRO_TIME,
  OWN_DEFINITIONS,
  QUANTITY,
  RAW_EXTENSION,
  TIME,
} from './openapi/own-definitions.ts';
import { QUANTITIES } from './openapi/quantities.ts';

interface Package {
  /** Before the names of its definitions. */
  readonly prefix: string;
  /** Of the kinds; `meta` has none of its own. */
  readonly group: string;
  readonly version: string;
  /** Where kubernetes-types has its types. */
  readonly folder: string;
  /** The client's classes of the kinds; what they mention and no package before has is this package's too. */
  readonly roots: readonly string[];
}

const META_PACKAGE: Package = {
  prefix: META,
  group: '',
  version: 'v1',
  folder: 'meta',
  roots: [
    'V1ObjectMeta',
    'V1ListMeta',
    'V1LabelSelector',
    'V1Condition',
    'V1DeleteOptions',
    'V1Status',
    'V1WatchEvent',
    'V1APIGroup',
    'V1APIGroupList',
    'V1APIResourceList',
    'V1APIVersions',
    'V1FieldSelectorRequirement',
  ],
};

/** In this order: a type of two packages is that of the first. */
const PACKAGES: readonly Package[] = [
  META_PACKAGE,
  api('core', '', [
    ...withLists('Namespace', 'Node', 'Pod', 'ReplicationController', 'Service', 'Endpoints', 'ConfigMap', 'Secret'),
    ...withLists('ServiceAccount', 'PersistentVolume', 'PersistentVolumeClaim', 'ResourceQuota', 'LimitRange'),
    ...withLists('PodTemplate'),
    'CoreV1Event',
    'CoreV1EventList',
    'V1Binding',
  ]),
  api('discovery', 'discovery.k8s.io', withLists('EndpointSlice')),
  api('coordination', 'coordination.k8s.io', withLists('Lease')),
  api('events', 'events.k8s.io', ['EventsV1Event', 'EventsV1EventList']),
  api('storage', 'storage.k8s.io', withLists('StorageClass')),
  api('policy', 'policy', [...withLists('PodDisruptionBudget'), 'V1Eviction']),
  api('authentication', 'authentication.k8s.io', [
    'V1SelfSubjectReview',
    'V1TokenReview',
    'AuthenticationV1TokenRequest',
  ]),
  api('authorization', 'authorization.k8s.io', [
    'V1SelfSubjectAccessReview',
    'V1SubjectAccessReview',
    'V1LocalSubjectAccessReview',
    'V1SelfSubjectRulesReview',
  ]),
  api('autoscaling', 'autoscaling', ['V1Scale']),
  api('rbac', 'rbac.authorization.k8s.io', withLists('Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding')),
];

function api(folder: string, group: string, roots: readonly string[]): Package {
  return { prefix: `io.k8s.api.${folder}.v1`, group, version: 'v1', folder, roots };
}

function withLists(...kinds: readonly string[]): readonly string[] {
  return kinds.flatMap((kind) => [`V1${kind}`, `V1${kind}List`]);
}

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

export function generateDefinitions(): Definitions {
  const packages = new Map<string, Package>();
  for (const each of PACKAGES) for (const root of each.roots) claim(packages, each, root);
  const all = { ...OWN_DEFINITIONS };
  const nameOf = (className: string) => `${packages.get(className)?.prefix}.${shortName(className)}`;
  for (const [className, home] of packages) all[nameOf(className)] = definitionOf(className, home, nameOf);
  return Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Says that the class, and every class it mentions, is the package's, unless it is another's. */
function claim(packages: Map<string, Package>, home: Package, className: string): void {
  if (packages.has(className)) return;
  packages.set(className, home);
  for (const { type } of attributesOf(className)) {
    const mentioned = /\w*V1\w+/.exec(type)?.[0];
    if (mentioned !== undefined && mentioned !== 'V1MicroTime') claim(packages, home, mentioned);
  }
}

function definitionOf(className: string, home: Package, nameOf: (className: string) => string): Schema {
  const documented = clientType(className);
  const fuller = fullerType(home, className);
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const attribute of attributesOf(className)) {
    const { baseName } = attribute;
    const field = fieldOf(documented, className, baseName);
    if (!field.optional) required.push(baseName);
    const path = `${shortName(className)}.${baseName}`;
    const description = FIELD_DESCRIPTIONS[path] ?? wordsOf(field.comment, fuller?.fields.get(baseName)?.comment);
    const schema = schemaOf(attribute.type, attribute.format, path, nameOf);
    properties[baseName] = { ...(description !== undefined && { description }), ...schema };
  }
  const description = wordsOf(documented.comment, fuller?.comment);
  const kind = kindOf(className, home, properties);
  return {
    ...(description !== undefined && { description }),
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    ...(kind !== undefined && { 'x-kubernetes-group-version-kind': [kind] }),
    ...(isAtomic(schemaName(className)) && { 'x-kubernetes-map-type': 'atomic' as const }),
  };
}

/** What has an apiVersion and a kind of its own, and does not merely name those of another object. */
function kindOf(className: string, home: Package, properties: object): GroupVersionKind | undefined {
  const kind = shortName(className);
  const named = home === META_PACKAGE ? ['DeleteOptions', 'Status', 'WatchEvent'] : home.roots.map(shortName);
  if (!named.includes(kind) && !('apiVersion' in properties && 'metadata' in properties)) return undefined;
  return { group: home.group, version: home.version, kind };
}

/** `path` is `Type.field`, for what the client's types leave out. */
function schemaOf(type: string, format: string, path: string, nameOf: (className: string) => string): Schema {
  const [owner = '', field = ''] = path.split('.');
  const item = /^Array<(.*)>$/.exec(type)?.[1];
  if (item !== undefined) {
    const isListOfObjects = owner.endsWith('List') && field === 'items';
    return {
      type: 'array',
      items: schemaOf(item, format, '', nameOf),
      ...(!isListOfObjects && path !== '' && mergeRules(owner, field, 'list')),
    };
  }
  const value = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (value !== undefined) {
    const values = QUANTITIES.has(path) ? reference(QUANTITY) : schemaOf(value, format, '', nameOf);
    return { type: 'object', additionalProperties: values, ...mergeRules(owner, field, 'map') };
  }
  if (QUANTITIES.has(path)) return reference(QUANTITY);
  return scalar(type, format, path) ?? { ...reference(nameOf(type)), ...mergeRules(owner, field, 'object') };
}

function scalar(type: string, format: string, path: string): Schema | undefined {
  const values = ENUMS[path];
  switch (type) {
    case 'string':
      return { type, ...(format !== '' && { format }), ...(values && { enum: values }) };
    case 'boolean':
      return { type };
    case 'number':
      return { type: format === 'double' ? 'number' : 'integer', format: format === '' ? 'int32' : format };
    case 'Date':
      return reference(TIME);
    case 'V1MicroTime':
      return reference(MICRO_TIME);
    case 'IntOrString':
      return reference(INT_OR_STRING);
    case 'any':
    case 'object':
      return reference(path === 'ManagedFieldsEntry.fieldsV1' ? FIELDS_V1 : RAW_EXTENSION);
    default:
      return undefined;
  }
}

function reference(name: string): Schema {
  return { $ref: `${REF}${name}` };
}

/** The client's words, which are newer; with the paragraphs of the other's where both say the same. */
function wordsOf(newer: string | undefined, fuller: string | undefined): string | undefined {
  const squeeze = (text: string) => text.replace(/\s+/g, ' ');
  if (newer === undefined || fuller === undefined) return newer ?? fuller;
  return squeeze(newer) === squeeze(fuller) ? fuller : newer;
}

function attributesOf(className: string): readonly Attribute[] {
  const model = (client as unknown as Record<string, { getAttributeTypeMap?: () => Attribute[] }>)[className];
  if (model?.getAttributeTypeMap === undefined) throw new Error(`the client has no model ${className}`);
  return model.getAttributeTypeMap();
}

function fieldOf(documented: DocumentedType, className: string, baseName: string): DocumentedField {
  // The generated classes write `default` and `continue`, which are words of the language, with a line before.
  const field = documented.fields.get(baseName) ?? documented.fields.get(`_${baseName}`);
  if (field === undefined) throw new Error(`no field ${baseName} in the declaration of ${className}`);
  return field;
}

function clientType(className: string): DocumentedType {
  const url = new URL(`gen/models/${className}.d.ts`, import.meta.resolve('@kubernetes/client-node'));
  const found = readTypes(readFileSync(url, 'utf8')).get(className);
  if (found === undefined) throw new Error(`no declaration of ${className} in ${fileURLToPath(url)}`);
  return found;
}

const fullerTypes = new Map<string, ReadonlyMap<string, DocumentedType>>();

function fullerType({ folder }: Package, className: string): DocumentedType | undefined {
  let types = fullerTypes.get(folder);
  if (types === undefined) {
    const url = new URL(`${folder}/v1.d.ts`, import.meta.resolve('kubernetes-types/package.json'));
    types = readTypes(readFileSync(url, 'utf8'));
    fullerTypes.set(folder, types);
  }
  return types.get(shortName(className));
}

/** `Pod` of `V1Pod`, `Event` of `CoreV1Event`. */
function shortName(className: string): string {
  return className.replace(/^[A-Z]?[a-z]*V1(?=[A-Z])/, '');
}

/** As reconcilers/objects/schema.ts names types, where those of two groups have the same name. */
function schemaName(className: string): string {
  return className.replace(/^(Core)?V1/, '');
}

if (import.meta.main) {
  const definitions = generateDefinitions();
  const target = new URL('../daemon/apiserver/openapi/definitions.generated.json', import.meta.url);
  writeFileSync(target, `${JSON.stringify(definitions, null, 1)}\n`);
  process.stdout.write(`${Object.keys(definitions).length} definitions written to ${fileURLToPath(target)}\n`);
}
