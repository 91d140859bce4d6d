/**
 * No field is parsed and then ignored: walks everything that Kubernetes' schema has below each kind and asks the reader for each field by
 * itself; and looks into the daemon's source for who reads what is honoured.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS, type Kind } from '../../../reconcilers/objects/kinds.ts';
import { fieldsOfType, typeOfKind } from '../../../reconcilers/objects/schema.ts';
import { SUPPORTED_FIELDS } from '../../../reconcilers/objects/supported-fields.ts';

/** A value of the type that asks for something. */
function sampleOf(type: string): Json {
  if (type.startsWith('[]')) return [sampleOf(type.slice(2))];
  if (type.startsWith('{}')) return { key: sampleOf(type.slice(2)) };
  const fields = fieldsOfType(type);
  if (fields !== undefined) {
    const [first] = Object.entries(fields);
    return first === undefined ? {} : { [first[0]]: sampleOf(first[1]) };
  }
  const scalars: Record<string, Json> = {
    boolean: true,
    int32: 7,
    int64: 7,
    double: 7,
    'int-or-string': 7,
    quantity: '7',
    time: '2026-01-02T03:04:05Z',
    'micro-time': '2026-01-02T03:04:05.000000Z',
    bytes: 'Nw==',
  };
  return scalars[type] ?? 'seven';
}

/** Not Source, which is our own. */
type DecodedKind = Exclude<Kind, 'Source'>;
const DECODED = (Object.keys(KINDS) as Kind[]).filter((kind) => kind !== 'Source') as DecodedKind[];

interface Place {
  readonly type: string;
  /** Puts an object of the type where a pod has it. */
  readonly wrap: (object: Json) => JsonObject;
}

/** Every type that the kind is made of, where it is first found through honoured fields; a status is written by the daemon itself. */
function placesIn(kind: DecodedKind): Map<string, Place> {
  const places = new Map<string, Place>();
  const visit = (type: string, wrap: Place['wrap']): void => {
    const support = SUPPORTED_FIELDS[type];
    if (places.has(type) || fieldsOfType(type) === undefined) return;
    places.set(type, { type, wrap });
    // What of it is not a container's is refused by validation, in Kubernetes' words.
    if (type === 'EphemeralContainer') return;
    for (const [field, fieldType] of Object.entries(fieldsOfType(type) ?? {})) {
      if (support !== undefined && !support.honoured.includes(field)) continue;
      if (type === typeOfKind(kind) && field === 'status') continue;
      const isList = fieldType.startsWith('[]');
      const inner = isList ? fieldType.slice(2) : fieldType;
      visit(inner, (object) => wrap({ [field]: isList ? [object] : object }));
    }
  };
  visit(typeOfKind(kind), (object) => ({ apiVersion: KINDS[kind].apiVersion, kind, ...(object as JsonObject) }));
  return places;
}

/** Of these every field is honoured: a type that is new here is looked at first. */
const TAKEN_WHOLE = [
  ...['AppArmorProfile', 'Capabilities', 'SeccompProfile', 'Sysctl', 'HostAlias', 'PodDNSConfig', 'PodDNSConfigOption'],
  ...['ConfigMapEnvSource', 'SecretEnvSource', 'EnvFromSource', 'ConfigMapKeySelector', 'SecretKeySelector'],
  ...['ObjectFieldSelector', 'ResourceFieldSelector', 'KeyToPath', 'DownwardAPIVolumeFile'],
  ...['ConfigMapVolumeSource', 'SecretVolumeSource', 'DownwardAPIVolumeSource', 'ProjectedVolumeSource'],
  ...['ConfigMapProjection', 'SecretProjection', 'DownwardAPIProjection', 'ServiceAccountTokenProjection'],
  ...['EmptyDirVolumeSource', 'HostPathVolumeSource', 'PersistentVolumeClaimVolumeSource'],
  ...['EphemeralVolumeSource', 'PersistentVolumeClaimTemplate', 'VolumeResourceRequirements'],
  ...['Probe', 'Lifecycle', 'LifecycleHandler', 'ExecAction', 'GRPCAction', 'HTTPGetAction', 'HTTPHeader'],
  ...['TCPSocketAction', 'SleepAction', 'PodReadinessGate', 'LocalObjectReference', 'Toleration'],
  ...[
    'Affinity',
    'NodeAffinity',
    'NodeSelector',
    'NodeSelectorTerm',
    'NodeSelectorRequirement',
    'PreferredSchedulingTerm',
  ],
  ...['PodAffinity', 'PodAntiAffinity', 'PodAffinityTerm', 'WeightedPodAffinityTerm', 'TopologySpreadConstraint'],
  ...['LabelSelector', 'LabelSelectorRequirement', 'OwnerReference', 'ManagedFieldsEntry'],
];

describe('the fields of a pod', () => {
  it('are of types that the table of supported fields tells apart, or that are honoured whole', () => {
    const whole = [...placesIn('Pod').keys()].filter((type) => SUPPORTED_FIELDS[type] === undefined && type !== 'Pod');
    assert.deepEqual(
      whole.filter((type) => !TAKEN_WHOLE.includes(type)),
      [],
    );
  });
});

describe('the fields of every kind', () => {
  const placesOf = new Map(DECODED.map((kind) => [kind, placesIn(kind)]));

  for (const [kind, places] of placesOf) {
    it(`of ${kind}: each is taken over or refused by its name, and none is ignored`, () => {
      for (const { type, wrap } of places.values()) {
        const support = SUPPORTED_FIELDS[type];
        for (const [field, fieldType] of Object.entries(fieldsOfType(type) ?? {})) {
          if (support?.leftOut?.includes(field) || ['apiVersion', 'kind'].includes(field)) continue;
          const isSameAsAbsent = support?.sameAsAbsent?.[field]?.includes(true) === true;
          const value = isSameAsAbsent ? false : sampleOf(fieldType);
          const { object, problems } = decodeObject(wrap({ [field]: value }), KINDS[kind]);
          const named = problems.filter(({ field: path }) => path.endsWith(field)).map((problem) => problem.type);
          const isHonoured = support === undefined || support.honoured.includes(field);
          if (!isHonoured) assert.deepEqual(named, ['unsupported'], `${type}.${field}`);
          else assert.ok(JSON.stringify(object).includes(`"${field}":`), `${type}.${field}`);
        }
      }
    });
  }

  it('that are honoured are named by the code that reads them', function () {
    this.timeout(10_000);
    const root = join(import.meta.dirname, '../../..');
    const isOfNobody = (path: string) => path.endsWith('/supported-fields.ts') || path.includes('/openapi/');
    const source = globSync('{daemon,reconcilers}/**/*.ts', { cwd: root })
      .filter((path) => !isOfNobody(path))
      .map((path) => readFileSync(join(root, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''));
    const words = new Set(source.join('\n').match(/[A-Za-z]\w*/g));
    const honoured = [...placesOf.values()].flatMap((places) =>
      [...places.keys()].flatMap((type) => {
        const fields = SUPPORTED_FIELDS[type]?.honoured ?? Object.keys(fieldsOfType(type) ?? {});
        return fields.map((field) => [`${type}.${field}`, field] as const);
      }),
    );
    assert.ok(honoured.length > 500);
    const unread = honoured.filter(([, field]) => !words.has(field)).map(([name]) => name);
    assert.deepEqual([...new Set(unread)], []);
  });
});
