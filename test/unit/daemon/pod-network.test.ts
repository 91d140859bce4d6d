/** Which network pods are on, by what was asked for and what Docker has. */
import assert from 'node:assert/strict';
import { choosePodNetwork } from '../../../daemon/pod-network.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { createTestCluster } from '../../fakes/test-cluster.ts';

const BRIDGE = { name: 'bridge', bridge: 'docker0', subnet: '172.17.0.0/16' };
/** Of a documentation range: no interface has it, and packets are taken to be of the usual size. */
const nodeIP = '192.0.2.77';
const clusterCidr = parseIpv4Range('10.32.0.0/12');

describe('the choice of a pod network', () => {
  let runtime: FakeRuntime;
  const log = new CollectedLog();
  const own = (mtu?: number) => ({ name: 'sampan', bridge: 'sampan0', ...(mtu !== undefined && { mtu }) });

  beforeEach(async () => {
    runtime = new FakeRuntime(await createTestCluster());
    await runtime.ensureNetwork(BRIDGE);
  });

  it("is Docker's default bridge where nothing is asked for, and it is there", async () => {
    const { network, podNetwork, podCIDR } = await choosePodNetwork(runtime, { nodeIP }, log);
    assert.deepEqual([network.name, podNetwork, podCIDR], ['bridge', 'none', BRIDGE.subnet]);
    await runtime.removeNetwork('bridge');
    const without = await choosePodNetwork(runtime, { nodeIP }, log);
    assert.deepEqual(
      [without.network.name, without.podCIDR, without.clusterCidr],
      ['sampan', undefined, '10.244.0.0/16'],
    );
  });

  it('is one of our own where other nodes may come, and what it had of the bridge is outdated', async () => {
    const chosen = await choosePodNetwork(runtime, { nodeIP, clusterCidr }, log);
    const { network, podNetwork, outdatedPodCIDR } = chosen;
    assert.deepEqual([network, podNetwork, outdatedPodCIDR], [own(1450), 'vxlan', BRIDGE.subnet]);
    assert.deepEqual([chosen.clusterCidr, chosen.podCIDR, chosen.existing], ['10.32.0.0/12', undefined, undefined]);
    const plain = await choosePodNetwork(runtime, { nodeIP, podNetwork: 'host-gw' }, log);
    assert.deepEqual(plain.network, own());
  });

  it('keeps a network for packets of another size only while containers are on it', async () => {
    await runtime.ensureNetwork({ ...own(), subnet: '10.32.1.0/24' });
    runtime.addImage('web');
    const id = await runtime.create({
      ...{ name: 'web', image: 'web', labels: {} },
      network: { kind: 'network', name: 'sampan' },
    });
    await runtime.start(id);
    const kept = await choosePodNetwork(runtime, { nodeIP, clusterCidr }, log);
    assert.deepEqual([kept.network, kept.existing], [own(), '10.32.1.0/24']);
    await runtime.remove(id);
    const renewed = await choosePodNetwork(runtime, { nodeIP, clusterCidr }, log);
    assert.deepEqual([renewed.network, renewed.existing], [own(1450), undefined]);
  });
});
