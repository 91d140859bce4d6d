import assert from 'node:assert/strict';
import type { ReplicationController } from '../../../reconcilers/objects/replication-controller.ts';
import { updateStrategyOf, validateUpdateStrategy } from '../../../reconcilers/objects/update-strategy.ts';

function strategyOf(replicas: number, annotations: Record<string, string> = { 'sampan.dev/source': 'git' }) {
  return updateStrategyOf({ metadata: { annotations }, spec: { replicas } } as unknown as ReplicationController);
}

describe('update strategy', () => {
  it('is a Deployment’s for what came from a source', () => {
    assert.deepEqual(strategyOf(10), { type: 'RollingUpdate', maxSurge: 3, maxUnavailable: 2 });
    assert.deepEqual(strategyOf(1), { type: 'RollingUpdate', maxSurge: 1, maxUnavailable: 0 });
  });

  it('is Kubernetes’ own for what came through the API', () => {
    assert.deepEqual(strategyOf(10, {}), { type: 'OnDelete' });
  });

  it('is what the annotations say, never without room to move', () => {
    const rolling = { 'sampan.dev/update-strategy': 'RollingUpdate', 'sampan.dev/max-surge': '0' };
    assert.deepEqual(strategyOf(3, rolling), { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 1 });
    const many = { ...rolling, 'sampan.dev/max-unavailable': '9' };
    assert.deepEqual(strategyOf(3, many), { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 3 });
    const onDelete = { 'sampan.dev/source': 'git', 'sampan.dev/update-strategy': 'OnDelete' };
    assert.deepEqual(strategyOf(3, onDelete), { type: 'OnDelete' });
  });

  it('says what cannot be read', () => {
    const errors = validateUpdateStrategy({
      'sampan.dev/update-strategy': 'Recreate',
      'sampan.dev/max-surge': '-1',
      'sampan.dev/max-unavailable': '25%',
    });
    assert.deepEqual(errors.map(String), [
      'metadata.annotations[sampan.dev/update-strategy]: Unsupported value: "Recreate": supported values: "RollingUpdate", "OnDelete"',
      'metadata.annotations[sampan.dev/max-surge]: Invalid value: "-1": must be a whole number of pods or a percentage (2, 25%)',
    ]);
  });
});
