/**
 * Every field Kubernetes knows of our kinds, and its type: the generated table with its types written out. Decoding reads it
 * to tell a misspelt field from one that only this build does not honour. Holds no rule of its own.
 */
import generated from './schema.generated.json' with { type: 'json' };

/**
 * `string`, `bytes` (base64), `boolean`, `int32`, `int64`, `double`, `time`, `micro-time`, `int-or-string`, `quantity`, `any`, the name of an
 * object type, or one of these in a list (`[]Container`) or a map (`{}string`).
 */
export type FieldType = string;

/** Field name → type. */
export type ObjectType = Readonly<Record<string, FieldType>>;

/** Our own bookkeeping kind is not Kubernetes'; only its loop writes it. */
const OWN_TYPES: Readonly<Record<string, ObjectType>> = {
  Source: { apiVersion: 'string', kind: 'string', metadata: 'ObjectMeta', spec: 'SourceSpec', status: 'SourceStatus' },
  SourceSpec: { location: 'string', type: 'string', onInvalid: 'string', pruneLimit: 'double' },
  SourceStatus: {
    appliedRevision: 'string',
    appliedAt: 'time',
    seenRevision: 'string',
    inventory: '[]SourceInventoryEntry',
    conditions: '[]Condition',
    problems: '[]SourceProblem',
    problemCount: 'int32',
    history: '[]SourceSyncRecord',
  },
  SourceInventoryEntry: {
    apiVersion: 'string',
    kind: 'string',
    namespace: 'string',
    name: 'string',
    file: 'string',
    line: 'int32',
  },
  SourceProblem: { file: 'string', line: 'int32', message: 'string' },
  SourceSyncRecord: {
    revision: 'string',
    at: 'time',
    outcome: 'string',
    message: 'string',
    created: 'int32',
    changed: 'int32',
    pruned: 'int32',
  },
};

const TYPES: Readonly<Record<string, ObjectType>> = { ...generated.types, ...OWN_TYPES };

/** The type of whole objects of a kind, and of what requests carry (`Scale`). */
export function typeOfKind(kind: string): string {
  const known: Readonly<Record<string, string>> = generated.kinds;
  return known[kind] ?? kind;
}

/** The fields of an object type; undefined where `name` names none. */
export function fieldsOfType(name: string): ObjectType | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}
