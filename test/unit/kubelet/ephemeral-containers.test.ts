import assert from 'node:assert/strict';
import type { EphemeralContainer } from '../../../reconcilers/objects/pod.ts';
import { KubeletBed } from './kubelet-bed.ts';

describe('kubelet: ephemeral containers', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    bed.runtime.addImage('debug');
    await bed.start();
    await bed.addPod();
  });
  afterEach(() => bed.stop());

  const add = async (more: Partial<EphemeralContainer> = {}) => {
    const container = { name: 'debugger', image: 'debug', ...more };
    await bed.cluster.registry.modify(
      'Pod',
      { namespace: 'default', name: 'web' },
      (pod) => {
        const ephemeralContainers = [...(pod.spec.ephemeralContainers ?? []), container];
        return { ...pod, spec: { ...pod.spec, ephemeralContainers } };
      },
      { part: 'whole' },
    );
    await bed.settled();
  };
  const status = async () => (await bed.pod()).status.ephemeralContainerStatuses?.[0];

  it('joins the pod that runs, and sees the processes of its target', async () => {
    const web = await bed.container('web');
    await add({ targetContainerName: 'web' });
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'debugger_0 running', 'web_0 running']);
    assert.equal((await bed.container('web')).id, web.id);
    assert.ok((await status())?.state.running);
    assert.equal((await bed.pod()).status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.ok(bed.events.includes('Normal Started Started container debugger'));
  });

  it('is not started again when it ends, nor by the next daemon', async () => {
    await add();
    bed.runtime.exit((await bed.container('debugger')).id, 7);
    await bed.settled();
    assert.equal((await status())?.state.terminated?.exitCode, 7);
    assert.equal((await bed.pod()).status.phase, 'Running');
    await bed.stop();
    await bed.start();
    await bed.advance(600_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'debugger_0 exited', 'web_0 running']);
  });

  it('is adopted by the next daemon', async () => {
    await add();
    const { id } = await bed.container('debugger');
    bed.kill();
    await bed.start();
    assert.equal((await bed.container('debugger')).id, id);
    assert.equal((await status())?.containerID, `docker://${id}`);
  });

  it('waits for its target, and starts when that runs again', async () => {
    for (let crash = 0; crash < 2; crash++) {
      bed.runtime.exit((await bed.container('web')).id, 1);
      await bed.settled();
    }
    await add({ targetContainerName: 'web' });
    assert.equal((await status())?.state.waiting?.message, 'unable to find target container "web"');
    await bed.advance(10_000);
    assert.ok((await status())?.state.running);
  });

  it('is pulled as any other', async () => {
    bed.runtime.registry.images.set('remote:1', {});
    await add({ image: 'remote:1' });
    await bed.advance(1_000);
    assert.ok((await status())?.state.running);
  });

  it('goes with its pod', async () => {
    await add();
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' });
    await bed.advance(31_000);
    assert.deepEqual(await bed.summary(), []);
  });
});
