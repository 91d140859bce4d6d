import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { LabelRequirement } from '../../../reconcilers/objects/label-requirement.ts';
import { matchesNodeSelector } from '../../../reconcilers/objects/node-selector.ts';
import { validateNewObject, validateUpdate } from '../../../reconcilers/objects/validation.ts';

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const VOLUME = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/srv' } };
const ON_A_NODE = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] } };

function problems(kind: 'PersistentVolumeClaim' | 'PersistentVolume', spec: JsonObject): string[] {
  const object = applyDefaults(kind, { apiVersion: 'v1', kind, metadata: { name: 'a', namespace: 'default' }, spec });
  const { namespace: _namespace, ...metadata } = object.metadata;
  const placed = kind === 'PersistentVolume' ? { ...object, metadata } : object;
  return validateNewObject(kind, placed as never).map(String);
}

function changes(
  kind: 'PersistentVolumeClaim' | 'PersistentVolume',
  before: JsonObject,
  after: JsonObject,
  status = {},
) {
  const [previous, next] = [before, after].map((spec) =>
    applyDefaults(kind, { apiVersion: 'v1', kind, metadata: { name: 'a' }, spec, status }),
  );
  return validateUpdate(kind, next as never, previous as never).map(String);
}

describe('claims and volumes', () => {
  it('of a sensible kind are taken', () => {
    assert.deepEqual(problems('PersistentVolumeClaim', CLAIM), []);
    assert.deepEqual(problems('PersistentVolume', VOLUME), []);
    const { hostPath: _hostPath, ...rest } = VOLUME;
    assert.deepEqual(problems('PersistentVolume', { ...rest, local: { path: '/srv' }, nodeAffinity: ON_A_NODE }), []);
  });

  it('say what is wrong with them', () => {
    const block = 'Forbidden: Block volumes are not provided: a node here has folders to give, and no devices';
    assert.deepEqual(
      problems('PersistentVolumeClaim', { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'], volumeMode: 'Block' }),
      [
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
        'spec.resources[storage]: Required value',
        `spec.volumeMode: ${block}`,
      ],
    );
    assert.deepEqual(problems('PersistentVolumeClaim', { ...CLAIM, resources: { requests: { storage: '0' } } }), [
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ]);
    assert.deepEqual(problems('PersistentVolume', { ...VOLUME, local: { path: '/srv/../etc' }, volumeMode: 'Block' }), [
      'spec.local: Forbidden: may not specify more than 1 volume type',
      `spec.volumeMode: ${block}`,
    ]);
    const { hostPath: _hostPath, ...rest } = VOLUME;
    assert.deepEqual(problems('PersistentVolume', { ...rest, local: { path: '/srv/../etc' } }), [
      'spec.local.path: Invalid value: "/srv/../etc": must not contain \'..\'',
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ]);
  });

  it('stay what they were claimed as', () => {
    const immutable =
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    assert.deepEqual(changes('PersistentVolumeClaim', CLAIM, { ...CLAIM, accessModes: ['ReadOnlyMany'] }), [immutable]);
    assert.deepEqual(changes('PersistentVolumeClaim', CLAIM, { ...CLAIM, storageClassName: 'local' }), []);
    assert.deepEqual(
      changes('PersistentVolumeClaim', { ...CLAIM, storageClassName: 'local' }, { ...CLAIM, storageClassName: 'b' }),
      [immutable],
    );
    assert.deepEqual(changes('PersistentVolumeClaim', CLAIM, { ...CLAIM, volumeName: 'disk' }), []);
    const larger = { ...CLAIM, resources: { requests: { storage: '2Gi' } } };
    assert.deepEqual(changes('PersistentVolumeClaim', CLAIM, larger), []);
    assert.deepEqual(changes('PersistentVolumeClaim', larger, CLAIM, { capacity: { storage: '2Gi' } }), [
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
    assert.deepEqual(changes('PersistentVolume', VOLUME, { ...VOLUME, hostPath: { path: '/other' } }), [
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ]);
    assert.deepEqual(changes('PersistentVolume', VOLUME, { ...VOLUME, nodeAffinity: ON_A_NODE }), []);
  });
});

describe('a node selector', () => {
  const node = { name: 'n1', labels: { zone: 'a', cores: '8' } };
  const meets = (requirement: LabelRequirement) =>
    matchesNodeSelector({ nodeSelectorTerms: [{ matchExpressions: [requirement] }] }, node);

  it('knows all operators', () => {
    const met: LabelRequirement[] = [
      { key: 'zone', operator: 'In', values: ['a', 'b'] },
      { key: 'zone', operator: 'NotIn', values: ['b'] },
      { key: 'rack', operator: 'NotIn', values: ['b'] },
      { key: 'zone', operator: 'Exists' },
      { key: 'rack', operator: 'DoesNotExist' },
      { key: 'cores', operator: 'Gt', values: ['7'] },
      { key: 'cores', operator: 'Lt', values: ['9'] },
    ];
    const unmet: LabelRequirement[] = [
      { key: 'zone', operator: 'In', values: ['b'] },
      { key: 'rack', operator: 'In', values: ['b'] },
      { key: 'zone', operator: 'NotIn', values: ['a'] },
      { key: 'rack', operator: 'Exists' },
      { key: 'zone', operator: 'DoesNotExist' },
      { key: 'cores', operator: 'Gt', values: ['8'] },
      { key: 'zone', operator: 'Lt', values: ['9'] },
    ];
    assert.deepEqual(
      met.map(meets),
      met.map(() => true),
    );
    assert.deepEqual(
      unmet.map(meets),
      unmet.map(() => false),
    );
  });

  it('is met by any term, and by none without requirements; absent it is met by every node', () => {
    const byName = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['n1'] }] };
    const other = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['n2'] }] };
    assert.equal(matchesNodeSelector({ nodeSelectorTerms: [other, byName] }, node), true);
    assert.equal(matchesNodeSelector({ nodeSelectorTerms: [other, {}] }, node), false);
    assert.equal(matchesNodeSelector(undefined, node), true);
  });
});
