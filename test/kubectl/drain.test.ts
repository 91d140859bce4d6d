/** `kubectl cordon`, `drain` and `uncordon` against the API: evictions ask the disruption budget. No kubelet runs; a test plays it. */
import assert from 'node:assert/strict';
import { eachKubectl, type KubectlBed } from './harness/each-kubectl.ts';

const NODE = { namespace: '', name: 'n1' };

/** Two ready pods of one controller on the node, and a budget that lets one of them go. */
async function declareWorkload({ cluster: { registry } }: KubectlBed): Promise<void> {
  await registry.create('Node', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE.name },
    spec: {},
    status: {},
  });
  for (const name of ['a', 'b']) {
    const pod = await registry.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: 'web' } },
      spec: { nodeName: NODE.name, containers: [{ name: 'web', image: 'web:1' }] },
    } as never);
    const conditions = [{ type: 'Ready', status: 'True' as const }];
    await registry.updateStatus('Pod', { ...pod, status: { ...pod.status, phase: 'Running', conditions } });
  }
  const budget = await registry.create('PodDisruptionBudget', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  } as never);
  const status = {
    currentHealthy: 2,
    desiredHealthy: 1,
    disruptionsAllowed: 1,
    expectedPods: 2,
    observedGeneration: 1,
  };
  await registry.updateStatus('PodDisruptionBudget', { ...budget, status });
}

eachKubectl('drain', ['1.27', '1.30', '1.33'], (bed) => {
  before(() => declareWorkload(bed()));
  const node = () => bed().cluster.registry.get('Node', NODE);

  it('cordons, and says so in the list of nodes', async () => {
    assert.match(await bed().kubectl.run(['cordon', 'n1']), /node\/n1 cordoned/);
    assert.equal((await node())?.spec.unschedulable, true);
    assert.match(await bed().kubectl.run(['get', 'nodes']), /n1 .*SchedulingDisabled/);
  });

  it('evicts what the budget lets go, and tries the other again until its time is up', async () => {
    const args = ['drain', 'n1', '--force', '--grace-period=0', '--timeout=2s'];
    const { code, stdout, stderr } = await bed().kubectl.attempt(args);
    assert.equal(code, 1);
    assert.match(stdout, /pod\/[ab] evicted/);
    assert.match(stderr, /Cannot evict pod as it would violate the pod's disruption budget/);
    assert.equal((await bed().cluster.registry.list('Pod')).items.length, 1);
  });

  it('takes everything where it is told to pass over evictions', async () => {
    const args = ['drain', 'n1', '--force', '--grace-period=0', '--disable-eviction'];
    assert.match(await bed().kubectl.run(args), /node\/n1 drained/);
    assert.equal((await bed().cluster.registry.list('Pod')).items.length, 0);
  });

  it('uncordons', async () => {
    assert.match(await bed().kubectl.run(['uncordon', 'n1']), /node\/n1 uncordoned/);
    assert.notEqual((await node())?.spec.unschedulable, true);
  });
});
