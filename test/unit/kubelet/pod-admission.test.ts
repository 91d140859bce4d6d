/** Pods that a node turns away for good, and how soon. */
import assert from 'node:assert/strict';
import type { PodSpec } from '../../../reconcilers/objects/pod.ts';
import { KubeletBed } from './kubelet-bed.ts';

const UNSAFE = { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } };

describe('kubelet: pods that are turned away', () => {
  const addOwned = async (bed: KubeletBed, name: string) => {
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'rc', controller: true };
    await bed.cluster.registry.create('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ownerReferences: [owner] },
      spec: { containers: [{ name: 'web', image: 'web' }], nodeName: 'node-1', ...UNSAFE } as PodSpec,
      status: { phase: 'Pending' },
    });
    await bed.settled();
  };
  const phaseOf = async (bed: KubeletBed, name: string) => (await bed.pod(name)).status.phase;

  it('have failed at once, with an event, and nothing of them was made', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod(UNSAFE);
    const { status } = await bed.pod();
    assert.deepEqual([status.phase, status.reason], ['Failed', 'SysctlForbidden']);
    assert.ok(bed.events.includes('Warning SysctlForbidden forbidden sysctl: "kernel.msgmax" not allowlisted'));
    assert.deepEqual(await bed.containers(), []);
    await bed.stop();
  });

  it('wait longer each time where their controller makes one after the other', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await addOwned(bed, 'first');
    assert.equal(await phaseOf(bed, 'first'), 'Failed');
    await addOwned(bed, 'second');
    assert.equal(await phaseOf(bed, 'second'), 'Pending');
    await bed.advance(10_000);
    assert.equal(await phaseOf(bed, 'second'), 'Failed');
    await addOwned(bed, 'third');
    await bed.advance(10_000);
    assert.equal(await phaseOf(bed, 'third'), 'Pending');
    await bed.advance(10_000);
    assert.equal(await phaseOf(bed, 'third'), 'Failed');
    await bed.stop();
  });
});
