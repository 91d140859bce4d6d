/** `kubectl get -w` and `kubectl wait`: what appears while something changes. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';
import { type StartedKubectl, said } from './harness/kubectl.ts';
import { fillCluster } from './harness/sample-cluster.ts';

const WEB_2 = { namespace: 'default', name: 'web-2' };

eachKubectl('watching', ['1.27', '1.30', '1.33'], (bed) => {
  const attempt = (...args: string[]) => bed().kubectl.attempt(args);
  before(() => fillCluster(bed().cluster));

  const printed = (watching: StartedKubectl, text: RegExp) => said(watching, 'stdout', text);
  /** Begun: of a single object kubectl prints what it gets, and drops the first event of the watch that follows. */
  const watch = async (...args: string[]): Promise<StartedKubectl> => {
    const watching = bed().kubectl.start([...args, '-v=6']);
    await said(watching, 'stderr', /watch=true.*200 OK/);
    return watching;
  };
  const setPhase = async (phase: 'Running' | 'Pending'): Promise<void> => {
    const { registry } = bed().cluster;
    const pod = await registry.get('Pod', WEB_2);
    assert.ok(pod);
    await registry.updateStatus('Pod', { ...pod, status: { ...pod.status, phase } });
  };

  it('prints a row for each change, of a collection, of one object, of events', async () => {
    const { cluster } = bed();
    const [all, one, names] = await Promise.all([
      watch('get', 'pods', '-w', '--show-labels'),
      watch('get', 'pod', 'web-2', '-w', '--output-watch-events'),
      watch('get', 'pods', '-w', '-o', 'name', '-l', 'app=web'),
    ]);
    try {
      await setPhase('Running');
      await Promise.all([printed(all, /Running .*\n.*Running .*\n/s), printed(one, /MODIFIED .*\n/)]);
      await cluster.registry.delete('Pod', WEB_2);
      assert.match(
        await printed(one, /DELETED.*\n/),
        /^EVENT +NAME +READY +STATUS +RESTARTS +AGE\nADDED +web-2 +0\/1 +Pending .*\nMODIFIED +web-2 +0\/1 +Running .*\nDELETED +web-2 +0\/1 +Running .*\n$/,
      );
      const rows = await printed(all, /(web-2.*\n){3}/);
      assert.match(rows, /^web-1 .* app=web\nweb-2 +0\/1 +Pending .* app=web\nweb-2 +0\/1 +Running .* app=web\n/m);
      assert.match(await printed(names, /(pod\/web-2\n){3}/), /^pod\/web-1\n(pod\/web-2\n){3}$/);
    } finally {
      for (const { process } of [all, one, names]) process.kill();
    }
  });

  it('waits for a condition, a value, an end', async () => {
    const { kubectl, cluster, version } = bed();
    const containers = [{ name: 'web', image: 'web', resources: { limits: { memory: '1Mi' } } }];
    const draft = { metadata: WEB_2, spec: { containers } };
    await cluster.registry.create('Pod', draft as never);
    const value = kubectl.start(['wait', '--for=jsonpath={.status.phase}=Running', 'pod/web-2', '--timeout=30s']);
    const end = kubectl.start(['wait', '--for=delete', 'pod/web-2', '--timeout=30s', '-v=6']);
    const [met, late, there] = await Promise.all([
      attempt('wait', '--for=condition=Ready', 'pod/web-1', '--timeout=30s'),
      attempt('wait', '--for=condition=Ready', 'pod/web-2', '--timeout=1s'),
      attempt('wait', '--for=create', 'pod/web-1', '--timeout=5s'),
    ]);
    assert.equal(met.stdout, 'pod/web-1 condition met\n');
    assert.equal(late.stderr, 'error: timed out waiting for the condition on pods/web-2\n');
    if (version === '1.33') assert.equal(there.stdout, 'pod/web-1 condition met\n');
    await setPhase('Running');
    assert.equal(await printed(value, /\n/), 'pod/web-2 condition met\n');
    await said(end, 'stderr', /watch=true.*200 OK/);
    await cluster.registry.delete('Pod', WEB_2);
    assert.equal(await printed(end, /\n/), 'pod/web-2 condition met\n');
  });
});
