/**
 * Writes reconcilers/objects/schema.generated.json: every field that Kubernetes knows of our kinds, with its type, taken from
 * the official client's attribute maps. Run by hand after an update of that client: `node hack/generate-schema.ts`. The daemon
 * reads only its output.
 */
import { writeFileSync } from 'node:fs';
import * as client from '@kubernetes/client-node';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

/** Our kinds and the client's class of each. Source is our own and not in here. */
const ROOTS: Record<string, string> = {
  Namespace: 'V1Namespace',
  Node: 'V1Node',
  Pod: 'V1Pod',
  ReplicationController: 'V1ReplicationController',
  Service: 'V1Service',
  Endpoints: 'V1Endpoints',
  EndpointSlice: 'V1EndpointSlice',
  ConfigMap: 'V1ConfigMap',
  Secret: 'V1Secret',
  ServiceAccount: 'V1ServiceAccount',
  PersistentVolumeClaim: 'V1PersistentVolumeClaim',
  PersistentVolume: 'V1PersistentVolume',
  StorageClass: 'V1StorageClass',
  ResourceQuota: 'V1ResourceQuota',
  LimitRange: 'V1LimitRange',
  PodTemplate: 'V1PodTemplate',
  PodDisruptionBudget: 'V1PodDisruptionBudget',
  Event: 'CoreV1Event',
  Lease: 'V1Lease',
};

/** What requests carry and nobody stores. */
const BODIES: Record<string, string> = {
  Binding: 'V1Binding',
  DeleteOptions: 'V1DeleteOptions',
  Eviction: 'V1Eviction',
  Scale: 'V1Scale',
};

/** What the client's types do not tell: quantities are strings there, a template's metadata is not a stored object's. */
const OVERRIDES: Record<string, string> = {
  'ResourceRequirements.limits': '{}quantity',
  'ResourceRequirements.requests': '{}quantity',
  'NodeStatus.capacity': '{}quantity',
  'NodeStatus.allocatable': '{}quantity',
  'ContainerStatus.allocatedResources': '{}quantity',
  'PodSpec.overhead': '{}quantity',
  'VolumeResourceRequirements.limits': '{}quantity',
  'VolumeResourceRequirements.requests': '{}quantity',
  'PersistentVolumeSpec.capacity': '{}quantity',
  'PersistentVolumeClaimStatus.capacity': '{}quantity',
  'PersistentVolumeClaimStatus.allocatedResources': '{}quantity',
  'ResourceQuotaSpec.hard': '{}quantity',
  'ResourceQuotaStatus.hard': '{}quantity',
  'ResourceQuotaStatus.used': '{}quantity',
  'LimitRangeItem.default': '{}quantity',
  'LimitRangeItem.defaultRequest': '{}quantity',
  'LimitRangeItem.max': '{}quantity',
  'LimitRangeItem.maxLimitRequestRatio': '{}quantity',
  'LimitRangeItem.min': '{}quantity',
  'EmptyDirVolumeSource.sizeLimit': 'quantity',
  'ResourceFieldSelector.divisor': 'quantity',
  'Secret.data': '{}bytes',
  'ConfigMap.binaryData': '{}bytes',
  'PodTemplateSpec.metadata': 'PodTemplateMeta',
  'PersistentVolumeClaimTemplate.metadata': 'PodTemplateMeta',
};

/** Kind → type, and type → field → type of the field, as reconcilers/objects/schema.ts describes them. */
export interface GeneratedSchema {
  readonly kinds: Record<string, string>;
  readonly types: Record<string, Record<string, string>>;
}

export function generateSchema(): GeneratedSchema {
  const types: Record<string, Record<string, string>> = {};
  for (const className of Object.values({ ...ROOTS, ...BODIES })) visit(types, className);
  visit(types, 'V1ObjectMeta', 'PodTemplateMeta');
  const kinds = Object.fromEntries(
    Object.entries({ ...ROOTS, ...BODIES }).map(([kind, className]) => [kind, shortName(className)]),
  );
  const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { kinds, types: sorted };
}

/** Adds the class, and every class it mentions. */
function visit(types: GeneratedSchema['types'], className: string, name = shortName(className)): void {
  if (types[name] !== undefined) return;
  const fields: Record<string, string> = {};
  types[name] = fields;
  for (const attribute of attributesOf(className)) {
    const override = OVERRIDES[`${name}.${attribute.baseName}`];
    fields[attribute.baseName] = override ?? typeOf(types, attribute.type, attribute.format);
  }
}

/** `int32`, `string`, `[]Container`, `{}string`, `ObjectMeta`, ... */
function typeOf(types: GeneratedSchema['types'], type: string, format: string): string {
  const list = /^Array<(.*)>$/.exec(type);
  if (list?.[1] !== undefined) return `[]${typeOf(types, list[1], format)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map?.[1] !== undefined) return `{}${typeOf(types, map[1], format)}`;
  if (type === 'string' || type === 'boolean') return type;
  if (type === 'number') return format === 'int64' || format === 'double' ? format : 'int32';
  if (type === 'Date') return 'time';
  if (type === 'V1MicroTime') return 'micro-time';
  if (type === 'IntOrString') return 'int-or-string';
  if (type === 'any' || type === 'object') return 'any';
  visit(types, type);
  return shortName(type);
}

function attributesOf(className: string): readonly Attribute[] {
  const model = (client as unknown as Record<string, { getAttributeTypeMap?: () => Attribute[] }>)[className];
  if (model?.getAttributeTypeMap === undefined) throw new Error(`the client has no model ${className}`);
  return model.getAttributeTypeMap();
}

function shortName(className: string): string {
  return className.replace(/^(Core)?V1/, '');
}

if (import.meta.main) {
  const schema = generateSchema();
  const target = new URL('../reconcilers/objects/schema.generated.json', import.meta.url);
  writeFileSync(target, `${JSON.stringify(schema, null, 1)}\n`);
  const count = Object.keys(schema.types).length;
  process.stdout.write(`${count} types written to reconcilers/objects/schema.generated.json\n`);
}
