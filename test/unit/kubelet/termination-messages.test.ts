/** What containers say last, over the fake runtime: where it is read from, when, and what becomes of the files. */
import assert from 'node:assert/strict';
import type { Container } from '../../../reconcilers/objects/pod.ts';
import { KubeletBed } from './kubelet-bed.ts';

describe('kubelet: termination messages', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    await bed.start();
  });
  afterEach(() => bed.stop());

  const add = (more: Partial<Container> = {}) =>
    bed.addPod({ containers: [{ name: 'web', image: 'web', ...more }], restartPolicy: 'OnFailure' });
  const fileOf = async (path = '/dev/termination-log') => {
    const mounts = bed.runtime.specOf((await bed.container('web')).id)?.mounts ?? [];
    const mount = mounts.find(({ target }) => target === path);
    assert.ok(mount && !mount.readOnly, `${path} is a file of its own`);
    return mount.source;
  };
  const end = async (exitCode: number) => {
    bed.runtime.exit((await bed.container('web')).id, exitCode);
    await bed.settled();
  };
  const status = async () => {
    const found = (await bed.pod()).status.containerStatuses?.[0];
    assert.ok(found);
    return found;
  };

  it('are what the container wrote to its file, whatever its exit code', async () => {
    await add();
    await bed.terminationFiles.write(await fileOf(), 'all is well');
    await end(0);
    assert.equal((await status()).state.terminated?.message, 'all is well');
    assert.equal((await status()).state.terminated?.reason, 'Completed');
  });

  it('have a file of their own for each container, at the path it names', async () => {
    await add({ terminationMessagePath: '/tmp/end' });
    const first = await fileOf('/tmp/end');
    await bed.terminationFiles.write(first, 'first');
    await end(1);
    const second = await fileOf('/tmp/end');
    assert.notEqual(first, second);
    await bed.terminationFiles.write(second, 'second');
    await end(1);
    assert.equal((await status()).lastState.terminated?.message, 'second');
  });

  it('are cut at 4096 bytes', async () => {
    await add();
    await bed.terminationFiles.write(await fileOf(), 'x'.repeat(5_000));
    await end(0);
    assert.equal((await status()).state.terminated?.message?.length, 4_096);
  });

  describe('with FallbackToLogsOnError', () => {
    const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' } as const;
    const log = async (text: string) => bed.runtime.write((await bed.container('web')).id, 'stderr', text);

    it('are the end of the log of a container that failed and wrote none', async () => {
      await add(fallback);
      for (let line = 0; line < 200; line++) await log('a line\n');
      await log('the end\n');
      await end(1);
      const message = (await status()).lastState.terminated?.message ?? '';
      assert.ok(message.endsWith('a line\nthe end\n'));
      assert.equal(message.split('\n').length - 1, 80);
      await log('y'.repeat(10_000));
      await end(1);
      assert.equal((await status()).lastState.terminated?.message, 'y'.repeat(2_048));
    });

    it('are none of a container that succeeded', async () => {
      await add(fallback);
      await log('said\n');
      await end(0);
      assert.equal((await status()).state.terminated?.message, undefined);
    });

    it('are what it wrote, where it did', async () => {
      await add(fallback);
      await log('said\n');
      await bed.terminationFiles.write(await fileOf(), 'written');
      await end(1);
      assert.equal((await status()).lastState.terminated?.message, 'written');
    });
  });

  it('are read by the next daemon, and once', async () => {
    await add();
    const path = await fileOf();
    await bed.stop();
    await bed.terminationFiles.write(path, 'while nobody looked');
    bed.runtime.exit((await bed.container('web')).id, 0);
    await bed.start();
    assert.equal((await status()).state.terminated?.message, 'while nobody looked');
    await bed.terminationFiles.write(path, 'too late');
    await bed.advance(60_000);
    assert.equal((await status()).state.terminated?.message, 'while nobody looked');
  });

  it('go with their containers', async () => {
    await add();
    for (let crash = 0; crash < 4; crash++) {
      await end(1);
      await bed.advance(300_000);
    }
    assert.equal((await bed.terminationFiles.names()).length, (await bed.containers()).length - 1);
    await bed.stop();
    for (const { id } of await bed.containers()) await bed.runtime.remove(id);
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await bed.start();
    assert.deepEqual(await bed.terminationFiles.names(), []);
  });

  it('do not take the place of what the container mounts there itself', async () => {
    const volumes = [{ name: 'own', projected: { defaultMode: 0o644, sources: [] } }];
    const volumeMounts = [{ name: 'own', mountPath: '/dev/termination-log' }];
    await bed.addPod({ volumes, containers: [{ name: 'web', image: 'web', volumeMounts }] });
    await bed.advance(1_000);
    const mounts = bed.runtime.specOf((await bed.container('web')).id)?.mounts ?? [];
    assert.deepEqual(
      mounts.filter(({ target }) => target === '/dev/termination-log').map(({ readOnly }) => readOnly),
      [true],
    );
  });
});
