/** Changing objects in place: patch, label, annotate, set, taint, cordon; and what kubectl makes of objects: expose, autoscale. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';
import { said } from './harness/kubectl.ts';
import { fillCluster } from './harness/sample-cluster.ts';

eachKubectl('changing', ['1.27', '1.30', '1.33'], (bed) => {
  const run = (...args: string[]) => bed().kubectl.run(args);
  const attempt = (...args: string[]) => bed().kubectl.attempt(args);
  const pod = async () => bed().cluster.registry.get('Pod', { namespace: 'default', name: 'web-1' });
  const controller = async () =>
    bed().cluster.registry.get('ReplicationController', { namespace: 'default', name: 'web' });
  const node = () => bed().cluster.registry.get('Node', { namespace: '', name: 'n1' });
  before(() => fillCluster(bed().cluster));

  it('patches in three ways, parts and in rehearsal', async () => {
    const image = (name: string) => JSON.stringify({ spec: { containers: [{ name: 'web', image: name }] } });
    assert.equal(await run('patch', 'pod', 'web-1', '-p', image('nginx:2')), 'pod/web-1 patched\n');
    assert.equal(await run('patch', 'pod', 'web-1', '-p', image('nginx:2')), 'pod/web-1 patched (no change)\n');
    assert.match(await run('patch', 'pod', 'web-1', '-p', image('nginx:3'), '--dry-run=server'), /web-1 patched/);
    assert.equal((await pod())?.spec.containers[0]?.image, 'nginx:2');
    const json = JSON.stringify([{ op: 'add', path: '/metadata/annotations', value: { a: '1' } }]);
    await Promise.all([
      run('patch', 'pod', 'web-1', '--type=json', '-p', json),
      run('patch', 'pod', 'web-1', '--type=merge', '-p', '{"metadata":{"labels":{"tier":"front"}}}'),
      run('patch', 'pod', 'web-1', '--subresource=status', '--type=merge', '-p', '{"status":{"reason":"Watched"}}'),
    ]);
    const { metadata, status } = (await pod()) ?? assert.fail();
    assert.deepEqual([metadata.annotations, metadata.labels?.tier, status.reason], [{ a: '1' }, 'front', 'Watched']);
    const refused = await attempt('patch', 'pod', 'web-1', '-p', '{"spec":{"hostNetwork":true}}');
    assert.match(
      refused.stderr,
      /^The Pod "web-1" is invalid: .*Forbidden: pod updates may not change fields other than/s,
    );
  });

  it('labels and annotates, overwrites only when told, takes away', async () => {
    assert.equal(await run('label', 'pod', 'web-2', 'tier=back'), 'pod/web-2 labeled\n');
    const [refused, annotated] = await Promise.all([
      attempt('label', 'pod', 'web-2', 'tier=front'),
      run('annotate', 'pod', 'web-2', 'note=hello'),
    ]);
    assert.match(refused.stderr, /'tier' already has a value \(back\), and --overwrite is false/);
    // 1.27 forgets a letter.
    assert.match(annotated, /^pod\/web-2 annotated?\n$/);
    assert.equal(await run('label', 'pod', 'web-2', 'tier=front', '--overwrite'), 'pod/web-2 labeled\n');
    assert.equal(await run('get', 'pods', '-l', 'tier=front', '-o', 'name'), 'pod/web-1\npod/web-2\n');
    const [unlabelled, unannotated, bad] = await Promise.all([
      run('label', 'pods', '--all', 'tier-'),
      run('annotate', 'pod', 'web-2', 'note-'),
      attempt('label', 'pod', 'web-2', 'tier=not valid'),
    ]);
    assert.equal(unlabelled, 'pod/web-1 unlabeled\npod/web-2 unlabeled\n');
    assert.match(unannotated, /^pod\/web-2 annotated?\n$/);
    assert.match(
      bad.stderr,
      /a valid label must be an empty string or consist of alphanumeric characters|invalid label value/,
    );
  });

  it('taints and cordons a node', async () => {
    assert.equal(await run('taint', 'nodes', 'n1', 'gpu=yes:NoSchedule'), 'node/n1 tainted\n');
    assert.match((await attempt('taint', 'nodes', 'n1', 'gpu=no:NoSchedule')).stderr, /already has gpu taint\(s\)/);
    assert.equal(await run('cordon', 'n1'), 'node/n1 cordoned\n');
    assert.equal((await node())?.spec.unschedulable, true);
    assert.equal(await run('uncordon', 'n1'), 'node/n1 uncordoned\n');
    assert.equal(await run('taint', 'nodes', 'n1', 'gpu-'), 'node/n1 untainted\n');
    const { taints = [], unschedulable = false } = (await node())?.spec ?? assert.fail();
    assert.deepEqual([taints, unschedulable], [[], false]);
  });

  it('sets what is in a template', async () => {
    assert.equal(await run('set', 'image', 'rc/web', 'web=nginx:4'), 'replicationcontroller/web image updated\n');
    assert.equal(await run('set', 'env', 'rc/web', 'SIZE=xl', 'MODE-'), 'replicationcontroller/web env updated\n');
    assert.equal(
      await run('set', 'resources', 'rc/web', '--limits=cpu=200m,memory=1Gi', '--requests=cpu=100m'),
      'replicationcontroller/web resource requirements updated\n',
    );
    const [container] = (await controller())?.spec.template.spec.containers ?? [];
    assert.equal(container?.image, 'nginx:4');
    assert.deepEqual(container?.env, [{ name: 'SIZE', value: 'xl' }]);
    assert.deepEqual(container?.resources?.limits, { cpu: '200m', memory: '1Gi' });
    assert.equal(container?.resources?.requests?.cpu, '100m');
  });

  it('exposes a controller, and what it made of it again', async () => {
    assert.equal(
      await run('expose', 'rc', 'web', '--name=front', '--port=8080', '--target-port=80'),
      'service/front exposed\n',
    );
    assert.equal(
      await run('expose', 'svc', 'front', '--name=again', '--port=9090', '--target-port=80'),
      'service/again exposed\n',
    );
    const shown = await run('get', 'svc', 'front', 'again', '-o', 'wide', '--no-headers');
    assert.match(
      shown,
      /^front +ClusterIP +10\.96\.0\.\d+ +<none> +8080\/TCP +\S+ +app=web\nagain .* 9090\/TCP +\S+ +app=web\n$/,
    );
  });

  it('refuses to autoscale: nothing here does', async () => {
    const { code, stderr } = await attempt('autoscale', 'rc', 'web', '--max=3');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /the server could not find the requested resource|no matches for kind "HorizontalPodAutoscaler"/,
    );
  });

  it('drains a node of its pods, as far as their budget allows', async () => {
    const drain = ['drain', 'n1', '--force', '--dry-run=server'];
    const held = bed().kubectl.start(drain);
    await said(
      held,
      'stderr',
      /error when evicting pods?\/"web-1" -n "default" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget/,
    );
    held.process.kill();
    await bed().cluster.registry.delete('PodDisruptionBudget', { namespace: 'default', name: 'web' });
    const { code, stdout, stderr } = await attempt(...drain);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /node\/n1 cordoned \(server dry run\)/);
    assert.match(stdout, /evicting pod default\/web-1 \(server dry run\)/);
    assert.equal((await pod())?.metadata.deletionTimestamp, undefined);
  });
});
