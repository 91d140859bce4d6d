/**
 * Definitions that no class of the client stands for: Kubernetes' scalar types, the metrics kinds, and our own kind Source, whose fields
 * the compiler holds to reconcilers/objects/source.ts.
 */
import { type Definitions, REF, type Schema } from '../../daemon/apiserver/openapi/definitions.ts';
import type { InventoryEntry, Source, SourceProblem, SyncRecord } from '../../reconcilers/objects/source.ts';

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const TIME = `${META}.Time`;
export const MICRO_TIME = `${META}.MicroTime`;
export const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
export const FIELDS_V1 = `${META}.FieldsV1`;
export const PATCH = `${META}.Patch`;

const SOURCE = 'dev.sampan.v1';
const METRICS = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';

/** Every field of a type, none forgotten, none made up. */
type Fields<T> = { readonly [K in keyof T]-?: Schema };

const SCALARS: Definitions = {
  [TIME]: {
    type: 'string',
    format: 'date-time',
    description: 'A time in RFC 3339, in whole seconds.',
  },
  [MICRO_TIME]: {
    type: 'string',
    format: 'date-time',
    description: 'A time in RFC 3339, in microseconds.',
  },
  [INT_OR_STRING]: {
    type: 'string',
    format: 'int-or-string',
    description: 'A number or a string, such as a port by its number or by its name, or a count or a percentage.',
  },
  [QUANTITY]: {
    type: 'string',
    description:
      'A number with an optional suffix: a fraction or a multiple of ten (m, k, M, G, T, P, E), a power of two (Ki, Mi, Gi, Ti, Pi, Ei), or an exponent (1e3). Read and written as a string, in its shortest form.',
  },
  [RAW_EXTENSION]: { type: 'object', description: 'An object of any kind.' },
  [FIELDS_V1]: {
    type: 'object',
    description:
      'A set of fields as a trie: a key f:NAME is a field, k:KEYS an entry of a list by its keys, v:VALUE an entry by its value, and . the field itself.',
  },
  [PATCH]: { type: 'object', description: 'A patch, of the type that the Content-Type header names.' },
};

const SOURCE_SPEC: Fields<Source['spec']> = {
  location: text('Where the manifests are, as it was given to the daemon, without credentials.'),
  type: { ...text('Whether the location is a folder or a git repository.'), enum: ['folder', 'git'] },
  onInvalid: {
    ...text(
      'What becomes of a revision with a manifest that cannot be taken: it is refused as a whole, or that file is skipped.',
    ),
    enum: ['refuse', 'skip-file'],
  },
  pruneLimit: {
    type: 'number',
    format: 'double',
    description:
      'A sync that would delete more than this share of the inventory, and more than 3 objects, waits for confirmation.',
  },
};

const SOURCE_STATUS: Fields<Source['status']> = {
  appliedRevision: text(
    'The revision whose objects are applied: a commit id, or sha256:... of the content of a folder.',
  ),
  appliedAt: { $ref: `${REF}${TIME}`, description: 'When it was applied.' },
  seenRevision: text('The newest revision seen, also when it was refused.'),
  inventory: list('InventoryEntry', 'Every object that this source owns.'),
  conditions: {
    type: 'array',
    items: { $ref: `${REF}${META}.Condition` },
    description: 'Ready, Reachable, Valid and PruneConfirmed.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    'x-kubernetes-patch-merge-key': 'type',
    'x-kubernetes-patch-strategy': 'merge',
  },
  problems: list('SourceProblem', 'What keeps the seen revision from being applied, at most 50 of them.'),
  problemCount: count('How many problems there are in all.'),
  history: list('SyncRecord', 'The last syncs, newest first, at most 50.'),
};

const INVENTORY_ENTRY: Fields<InventoryEntry> = {
  apiVersion: text('The group and version of the object.'),
  kind: text('The kind of the object.'),
  namespace: text('The namespace of the object; empty where its kind has none.'),
  name: text('The name of the object.'),
  file: text('The file that declares it, relative to the source.'),
  line: count('The line at which its document starts.'),
};

const SOURCE_PROBLEM: Fields<SourceProblem> = {
  file: text('The file with the problem; a folder speaks for all that is below it.'),
  line: count('The line, from 1; absent where the file as a whole is the problem.'),
  message: text('What was expected, what came, and what happens next.'),
};

const SYNC_RECORD: Fields<SyncRecord> = {
  revision: text('The revision that was synced.'),
  at: { $ref: `${REF}${TIME}`, description: 'When.' },
  outcome: {
    ...text('How it ended; PruneRefused waits for its prune to be confirmed.'),
    enum: ['Applied', 'PruneRefused', 'Refused'],
  },
  message: text('The subject of the commit, or what was wrong.'),
  created: count('How many objects were created.'),
  changed: count('How many objects were changed.'),
  pruned: count('How many objects were deleted since the source no longer declares them.'),
};

const OWN_KINDS: Definitions = {
  ...kind(SOURCE, 'sampan.dev', 'v1', 'Source', {
    description:
      'Source is the record of one manifest source, a folder or a git repository: what was applied from it, what it owns, and what is wrong with it. It is kept by the daemon, not made by hand.',
    properties: {
      spec: { $ref: `${REF}${SOURCE}.SourceSpec`, description: 'What the daemon was told of the source.' },
      status: { $ref: `${REF}${SOURCE}.SourceStatus`, description: 'How far the daemon has come with it.' },
    },
  }),
  [`${SOURCE}.SourceSpec`]: object('SourceSpec is what the daemon was told of a source.', SOURCE_SPEC),
  [`${SOURCE}.SourceStatus`]: {
    ...object('SourceStatus is how far the daemon has come with a source.', SOURCE_STATUS),
    required: ['inventory', 'conditions', 'history'],
  },
  [`${SOURCE}.InventoryEntry`]: object('InventoryEntry is one object that a source owns.', INVENTORY_ENTRY),
  [`${SOURCE}.SourceProblem`]: {
    ...object('SourceProblem is something in a source that cannot be taken as it is.', SOURCE_PROBLEM),
    required: ['file', 'message'],
  },
  [`${SOURCE}.SyncRecord`]: object('SyncRecord is one sync that was made or refused.', SYNC_RECORD),
};

const USAGE: Schema = {
  type: 'object',
  description: 'What was used, by resource: cpu and memory.',
  additionalProperties: { $ref: `${REF}${QUANTITY}` },
};
const WINDOW: Fields<{ timestamp: unknown; window: unknown }> = {
  timestamp: { $ref: `${REF}${TIME}`, description: 'The end of the time that the usage was measured over.' },
  window: text('How long that time was, such as 15s.'),
};

const METRICS_KINDS: Definitions = {
  ...kind(METRICS, 'metrics.k8s.io', 'v1beta1', 'NodeMetrics', {
    description: 'NodeMetrics is what a node uses.',
    properties: { ...WINDOW, usage: USAGE },
    required: ['timestamp', 'window', 'usage'],
  }),
  ...kind(METRICS, 'metrics.k8s.io', 'v1beta1', 'PodMetrics', {
    description: 'PodMetrics is what the containers of a pod use.',
    properties: {
      ...WINDOW,
      containers: {
        type: 'array',
        items: { $ref: `${REF}${METRICS}.ContainerMetrics` },
        description: 'Each container of the pod.',
        'x-kubernetes-list-type': 'atomic',
      },
    },
    required: ['timestamp', 'window', 'containers'],
  }),
  [`${METRICS}.ContainerMetrics`]: object('ContainerMetrics is what a container uses.', {
    name: text('The name of the container, as in the spec of the pod.'),
    usage: USAGE,
  }),
};

export const OWN_DEFINITIONS: Definitions = { ...SCALARS, ...OWN_KINDS, ...METRICS_KINDS };

function text(description: string): Schema {
  return { type: 'string', description };
}

function count(description: string): Schema {
  return { type: 'integer', format: 'int32', description };
}

function list(type: string, description: string): Schema {
  return {
    type: 'array',
    items: { $ref: `${REF}${SOURCE}.${type}` },
    description,
    'x-kubernetes-list-type': 'atomic',
  };
}

/** All of its fields are required. */
function object(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', description, properties, required: Object.keys(properties) };
}

/** A kind and its list. */
function kind(
  prefix: string,
  group: string,
  version: string,
  name: string,
  {
    description,
    properties,
    required,
  }: Required<Pick<Schema, 'description' | 'properties'>> & Pick<Schema, 'required'>,
): Definitions {
  const typeMeta = {
    apiVersion: text('The group and version of the object.'),
    kind: text('The kind of the object.'),
  };
  return {
    [`${prefix}.${name}`]: {
      type: 'object',
      description,
      properties: {
        ...typeMeta,
        metadata: { $ref: `${REF}${META}.ObjectMeta`, description: "The object's name, labels and the like." },
        ...properties,
      },
      ...(required && { required }),
      'x-kubernetes-group-version-kind': [{ group, version, kind: name }],
    },
    [`${prefix}.${name}List`]: {
      type: 'object',
      description: `${name}List is a list of ${name} objects.`,
      properties: {
        ...typeMeta,
        metadata: { $ref: `${REF}${META}.ListMeta`, description: 'What is known of the list as a whole.' },
        items: { type: 'array', items: { $ref: `${REF}${prefix}.${name}` }, description: 'The objects.' },
      },
      required: ['items'],
      'x-kubernetes-group-version-kind': [{ group, version, kind: `${name}List` }],
    },
  };
}
