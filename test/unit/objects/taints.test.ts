import assert from 'node:assert/strict';
import type { Node } from '../../../reconcilers/objects/cluster.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { threeWayMerge } from '../../../reconcilers/objects/merge.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { isTolerated, type Taint, type Toleration, toleratedMs } from '../../../reconcilers/objects/taints.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';
import { draftPod } from '../../fakes/objects.ts';
import { createTestCluster } from '../../fakes/test-cluster.ts';

const GPU: Taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

function errorsOf(kind: 'Pod' | 'Node', spec: object): string[] {
  const containers = kind === 'Pod' ? { containers: [{ name: 'a', image: 'a' }] } : {};
  const metadata = { name: 'a', ...(kind === 'Pod' && { namespace: 'default' }) };
  const object = applyDefaults(kind, { kind, metadata, spec: { ...containers, ...spec } } as unknown as JsonObject);
  return validateObject(kind, object as Pod & Node).map(String);
}

describe('taints and tolerations', () => {
  it('match by key, value and effect; what is left out matches all', () => {
    const cases: [Toleration, boolean][] = [
      [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }, true],
      [{ key: 'gpu', value: 'yes' }, true],
      [{ key: 'gpu', operator: 'Exists' }, true],
      [{ operator: 'Exists' }, true],
      [{ key: 'gpu', operator: 'Equal', value: 'no' }, false],
      [{ key: 'gpu' }, false],
      [{ key: 'other', operator: 'Exists' }, false],
      [{ operator: 'Exists', effect: 'NoExecute' }, false],
    ];
    for (const [toleration, expected] of cases) {
      assert.equal(isTolerated(GPU, [toleration]), expected, JSON.stringify(toleration));
    }
    assert.equal(isTolerated(GPU, undefined), false);
  });

  it('last as long as the shortest toleration says', () => {
    const dead: Taint = { key: 'dead', effect: 'NoExecute' };
    assert.equal(toleratedMs(dead, []), 0);
    assert.equal(toleratedMs(dead, [{ operator: 'Exists' }]), Number.POSITIVE_INFINITY);
    assert.equal(toleratedMs(dead, [{ operator: 'Exists' }, { operator: 'Exists', tolerationSeconds: 5 }]), 5_000);
    assert.equal(toleratedMs(dead, [{ operator: 'Exists', tolerationSeconds: -5 }]), 0);
  });

  it('are refused in Kubernetes’ words', () => {
    const tolerations = [
      { key: 'a b', operator: 'Exists' },
      { value: 'x' },
      { key: 'a', operator: 'Exists', value: 'x' },
      { key: 'a', operator: 'Like' },
      { key: 'a', operator: 'Exists', effect: 'Sometimes' },
      { key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 },
    ];
    assert.deepEqual(errorsOf('Pod', { tolerations }), [
      `spec.tolerations[0].key: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      'spec.tolerations[1].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      `spec.tolerations[2].operator: Invalid value: {"operator":"Exists","value":"x","key":"a"}: value must be empty when \`operator\` is 'Exists'`,
      'spec.tolerations[3].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
      'spec.tolerations[4].effect: Unsupported value: "Sometimes": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'spec.tolerations[5].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ]);
    const taints = [GPU, { key: 'b' }, { ...GPU, value: 'no' }];
    assert.deepEqual(errorsOf('Node', { taints }), [
      'spec.taints[1].effect: Required value',
      'spec.taints[2]: Duplicate value: {"key":"gpu","value":"no","effect":"NoSchedule"}: taints must be unique by key and effect pair',
    ]);
  });

  it('are given to each new pod that does not say otherwise', async () => {
    const { registry } = await createTestCluster();
    const plain = await registry.create('Pod', draftPod('plain', 'web'));
    const given = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
    assert.deepEqual(plain.spec.tolerations, [given(NOT_READY), given(UNREACHABLE)]);

    const own = { key: NOT_READY, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 7 } as const;
    const chosen = await registry.create('Pod', draftPod('chosen', 'web', { tolerations: [own] }));
    assert.deepEqual(chosen.spec.tolerations, [own, given(UNREACHABLE)]);
    const all = await registry.create('Pod', draftPod('all', 'web', { tolerations: [{ operator: 'Exists' }] }));
    assert.deepEqual(all.spec.tolerations, [{ operator: 'Exists' }]);

    // Whoever writes back what he once declared, takes away nothing.
    const { tolerations: _, ...spec } = plain.spec;
    const rewritten = await registry.update('Pod', { ...plain, spec });
    assert.deepEqual(rewritten, plain);
  });

  it('of a declared pod stay as they were given', () => {
    const tolerations = [{ key: 'gpu', operator: 'Exists' }];
    const declared = { metadata: { name: 'a' }, spec: { containers: [{ name: 'a', image: 'a' }], tolerations } };
    const live = applyDefaults('Pod', {
      ...declared,
      spec: { ...declared.spec, tolerations: [...tolerations, { key: UNREACHABLE, operator: 'Exists' }] },
    } as unknown as JsonObject);
    const { changedFields } = threeWayMerge('Pod', declared as JsonObject, declared as JsonObject, live);
    assert.deepEqual(changedFields, []);
  });
});
