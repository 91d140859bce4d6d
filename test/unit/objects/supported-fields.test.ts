/**
 * No field of a pod is parsed and then ignored: walks everything that Kubernetes' schema has below PodSpec and asks the reader for each
 * field by itself.
 */
import assert from 'node:assert/strict';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import { fieldsOfType } from '../../../reconcilers/objects/schema.ts';
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
    bytes: 'Nw==',
  };
  return scalars[type] ?? 'seven';
}

interface Place {
  readonly type: string;
  /** Puts an object of the type where a pod has it. */
  readonly wrap: (object: Json) => JsonObject;
}

/** Every type that a pod's spec is made of and that is taken field by field, where it is first found through honoured fields. */
function placesInPods(): Map<string, Place> {
  const places = new Map<string, Place>();
  const visit = (type: string, wrap: Place['wrap']): void => {
    const support = SUPPORTED_FIELDS[type];
    if (places.has(type) || fieldsOfType(type) === undefined) return;
    places.set(type, { type, wrap });
    // What of it is not a container's is refused by validation, in Kubernetes' words.
    if (type === 'EphemeralContainer') return;
    for (const [field, fieldType] of Object.entries(fieldsOfType(type) ?? {})) {
      if (support !== undefined && !support.honoured.includes(field)) continue;
      const isList = fieldType.startsWith('[]');
      const inner = isList ? fieldType.slice(2) : fieldType;
      visit(inner, (object) => wrap({ [field]: isList ? [object] : object }));
    }
  };
  visit('PodSpec', (spec) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec }));
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
  ...['LabelSelector', 'LabelSelectorRequirement'],
];

describe('the fields of a pod', () => {
  const places = placesInPods();

  it('are of types that the table of supported fields tells apart, or that are honoured whole', () => {
    const whole = [...places.keys()].filter((type) => SUPPORTED_FIELDS[type] === undefined);
    assert.deepEqual(
      whole.filter((type) => !TAKEN_WHOLE.includes(type)),
      [],
    );
  });

  for (const { type, wrap } of places.values()) {
    const support = SUPPORTED_FIELDS[type];
    if (support === undefined) continue;
    it(`of ${type}: each is taken over or refused by its name, and none is ignored`, () => {
      for (const [field, fieldType] of Object.entries(fieldsOfType(type) ?? {})) {
        const isSameAsAbsent = support.sameAsAbsent?.[field]?.includes(true) === true;
        const value = isSameAsAbsent ? false : sampleOf(fieldType);
        const { object, problems } = decodeObject(wrap({ [field]: value }), KINDS.Pod);
        const named = problems.filter(({ field: path }) => path.endsWith(`.${field}`)).map(({ type: kind }) => kind);
        if (support.leftOut?.includes(field)) continue;
        if (!support.honoured.includes(field)) assert.deepEqual(named, ['unsupported'], field);
        else assert.ok(JSON.stringify(object).includes(`"${field}":`), field);
      }
    });
  }
});
