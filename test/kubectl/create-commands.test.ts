/** `kubectl create KIND` and `kubectl run`: objects made of flags. From 1.32 on kubectl sends them in protobuf. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

eachKubectl('create from flags', ['1.27', '1.30', '1.32', '1.33'], (bed) => {
  const run = (...args: string[]) => bed().kubectl.run(args);
  const attempt = (...args: string[]) => bed().kubectl.attempt(args);

  it('makes one of each kind', async () => {
    const { registry } = bed().cluster;
    const key = (name: string) => ({ namespace: 'shop', name });
    assert.equal(await run('create', 'namespace', 'shop'), 'namespace/shop created\n');
    const made = await Promise.all(
      [
        ['configmap', 'settings', '--from-literal=colour=blue'],
        ['secret', 'generic', 'door', '--from-literal=key=open sesame'],
        ['serviceaccount', 'robot'],
        ['quota', 'most', '--hard=pods=10,requests.cpu=2'],
        ['service', 'clusterip', 'web', '--tcp=80:8080'],
        ['service', 'nodeport', 'door', '--tcp=80', '--node-port=30080'],
        ['poddisruptionbudget', 'web', '--selector=app=web', '--min-available=50%'],
      ].map((args) => run('create', ...args, '-n', 'shop')),
    );
    assert.deepEqual(made, [
      'configmap/settings created\n',
      'secret/door created\n',
      'serviceaccount/robot created\n',
      'resourcequota/most created\n',
      'service/web created\n',
      'service/door created\n',
      'poddisruptionbudget.policy/web created\n',
    ]);
    assert.deepEqual((await registry.get('ConfigMap', key('settings')))?.data, { colour: 'blue' });
    assert.deepEqual((await registry.get('Secret', key('door')))?.data, { key: 'b3BlbiBzZXNhbWU=' });
    assert.ok(await registry.get('ServiceAccount', key('robot')));
    assert.deepEqual((await registry.get('ResourceQuota', key('most')))?.spec.hard, {
      pods: '10',
      'requests.cpu': '2',
    });
    const [port] = (await registry.get('Service', key('web')))?.spec.ports ?? [];
    assert.deepEqual([port?.name, port?.port, port?.targetPort], ['80-8080', 80, 8080]);
    assert.equal((await registry.get('Service', key('door')))?.spec.ports[0]?.nodePort, 30080);
    assert.equal((await registry.get('PodDisruptionBudget', key('web')))?.spec.minAvailable, '50%');
  });

  it('refuses what is there already, and what has no namespace to be in', async () => {
    const [taken, nowhere, bad] = await Promise.all([
      attempt('create', 'namespace', 'default'),
      attempt('create', 'configmap', 'a', '-n', 'nowhere'),
      attempt('create', 'configmap', 'Not_A_Name'),
    ]);
    assert.match(taken.stderr, /namespaces "default" already exists/);
    assert.match(nowhere.stderr, /namespaces "nowhere" not found/);
    assert.match(
      bad.stderr,
      /metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of/,
    );
  });

  it('runs a pod, or only says what it would be', async () => {
    const rehearsed = await run('run', 'one', '--image=busybox', '--dry-run=server', '-o', 'yaml');
    assert.match(rehearsed, /^ {2}phase: Pending$/m);
    assert.equal(await bed().cluster.registry.get('Pod', { namespace: 'default', name: 'one' }), undefined);
    const flags = ['--restart=Never', '--env=A=1', '--labels=app=one', '--port=80'];
    assert.equal(await run('run', 'one', '--image=busybox', ...flags, '--', 'sleep', '1'), 'pod/one created\n');
    const pod = await bed().cluster.registry.get('Pod', { namespace: 'default', name: 'one' });
    assert.equal(pod?.spec.restartPolicy, 'Never');
    assert.deepEqual(pod?.metadata.labels, { app: 'one' });
    const [container] = pod?.spec.containers ?? [];
    assert.deepEqual(
      [container?.image, container?.args, container?.env],
      ['busybox', ['sleep', '1'], [{ name: 'A', value: '1' }]],
    );
  });

  it('tells of the cluster and of itself', async () => {
    const [info, config] = await Promise.all([run('cluster-info'), run('config', 'view', '--minify')]);
    assert.match(info, /control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/);
    assert.match(config, /^ {4}server: https:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(config, /client-key-data: (DATA\+OMITTED|REDACTED)/);
  });
});
