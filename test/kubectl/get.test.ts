/** `kubectl get` in all its forms: what stands on the screen. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';
import { fillCluster } from './harness/sample-cluster.ts';

eachKubectl('get', ['1.27', '1.30', '1.33'], (bed) => {
  const get = (...args: string[]) => bed().kubectl.run(['get', ...args]);
  const attempt = (...args: string[]) => bed().kubectl.attempt(['get', ...args]);
  before(() => fillCluster(bed().cluster));

  it('prints the table that the server makes, and more of it when wide', async () => {
    const [narrow, wide] = await Promise.all([get('pods'), get('rc,svc,pods,nodes', '-o', 'wide')]);
    assert.equal(
      narrow,
      [
        'NAME    READY   STATUS    RESTARTS      AGE',
        'web-1   1/1     Running   3 (70s ago)   2m10s',
        'web-2   0/1     Pending   0             2m10s',
        '',
      ].join('\n'),
    );
    for (const line of [
      /^NAME +DESIRED +CURRENT +READY +AGE +CONTAINERS +IMAGES +SELECTOR$/m,
      /^replicationcontroller\/web +2 +2 +1 +2m10s +web +nginx:1\.27 +app=web$/m,
      /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR$/m,
      /^service\/web +ClusterIP +10\.96\.0\.80 +<none> +80\/TCP +2m10s +app=web$/m,
      /^pod\/web-1 +1\/1 +Running +3 \(70s ago\) +2m10s +10\.244\.0\.7 +n1 +<none> +<none>$/m,
      /^node\/n1 +Ready +control-plane +2m10s +v0\.1\.0 +192\.0\.2\.1 +<none> +Debian GNU\/Linux 12 +6\.1\.0 +docker:\/\/28\.0\.1$/m,
    ]) {
      assert.match(wide, line);
    }
  });

  it('prints one of every kind', async () => {
    const table = await get('ep,endpointslices,cm,secrets,sa,quota,limits,pvc,pdb,ns,sources');
    for (const line of [
      /^endpoints\/web +10\.244\.0\.7:80 +2m10s$/m,
      /^endpointslice\.discovery\.k8s\.io\/web-x7k2p +IPv4 +80 +10\.244\.0\.7 +2m10s$/m,
      /^configmap\/settings +2 +2m10s$/m,
      /^secret\/door +Opaque +1 +2m10s$/m,
      /^serviceaccount\/robot +0 +2m10s$/m,
      /^resourcequota\/most +pods: 2\/10 +limits\.memory: 256Mi\/1Gi +2m10s$/m,
      /^limitrange\/each +2026-01-02T03:04:05Z$/m,
      /^persistentvolumeclaim\/disk +Pending .*2m10s$/m,
      /^poddisruptionbudget\.policy\/web +1 +N\/A +0 +2m10s$/m,
      /^namespace\/default +Active +2m10s$/m,
      /^source\.sampan\.dev\/shop +\/srv\/shop +3f2a91c +True +2m10s +all applied$/m,
    ]) {
      assert.match(table, line);
    }
  });

  it('prints what belongs to "all", in all namespaces, with labels as columns', async () => {
    const [all, everywhere] = await Promise.all([
      get('all', '-o', 'name'),
      get('pods', '-A', '--show-labels', '-L', 'app'),
    ]);
    assert.equal(all, 'pod/web-1\npod/web-2\nreplicationcontroller/web\nservice/web\n');
    assert.match(
      everywhere,
      /^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +APP +LABELS\ndefault +web-1 .* 2m10s +web +app=web\n/,
    );
  });

  it('prints objects as they are: yaml, json, names, templates, columns', async () => {
    const [yaml, json, jsonpath, template, columns] = await Promise.all([
      get('cm', 'settings', '-o', 'yaml'),
      get('pods,svc', '-o', 'json'),
      get('pods', '-o', 'jsonpath={range .items[*]}{.metadata.name}={.status.phase};{end}'),
      get('pods', '-o', 'go-template={{range .items}}{{.metadata.name}} {{end}}'),
      get('pods', '-o', 'custom-columns=POD:.metadata.name,NODE:.spec.nodeName,IP:.status.podIP'),
    ]);
    assert.match(
      yaml,
      /^apiVersion: v1\ndata:\n {2}app\.conf: \|\n {4}a=1\n {4}b=2\n {2}colour: blue\nkind: ConfigMap\n/,
    );
    assert.doesNotMatch(yaml, /managedFields/);
    const { kind, items } = JSON.parse(json);
    assert.equal(kind, 'List');
    assert.deepEqual(
      items.map((item: { kind: string; apiVersion: string }) => `${item.apiVersion} ${item.kind}`),
      ['v1 Pod', 'v1 Pod', 'v1 Service'],
    );
    assert.equal(jsonpath, 'web-1=Running;web-2=Pending;');
    assert.equal(template, 'web-1 web-2 ');
    assert.equal(columns, 'POD     NODE     IP\nweb-1   n1       10.244.0.7\nweb-2   <none>   <none>\n');
  });

  it('finds by labels and fields, and sorts', async () => {
    const [labelled, none, running, elsewhere, sorted] = await Promise.all([
      get('pods', '-l', 'app in (web, db),!old', '-o', 'name'),
      attempt('pods', '-l', 'app!=web'),
      get('pods', '--field-selector', 'status.phase=Running,spec.nodeName=n1', '-o', 'name'),
      attempt('pods', '--field-selector', 'spec.colour=red'),
      get('pods', '--sort-by', '{.status.phase}', '-o', 'name'),
    ]);
    assert.equal(labelled, 'pod/web-1\npod/web-2\n');
    assert.deepEqual([none.code, none.stderr], [0, 'No resources found in default namespace.\n']);
    assert.equal(running, 'pod/web-1\n');
    assert.equal(elsewhere.code, 1);
    assert.match(
      elsewhere.stderr,
      /^Error from server \(BadRequest\): Unable to find "\/v1, Resource=pods" that match label selector "", field selector "spec\.colour=red": field label not supported: spec\.colour$/m,
    );
    assert.equal(sorted, 'pod/web-2\npod/web-1\n');
  });

  it('reads a long list in pages', async () => {
    const { stdout, stderr } = await attempt('pods', '--chunk-size=1', '-v=6');
    assert.match(stdout, /^web-1 .*\nweb-2 /m);
    const pages = stderr.match(/pods\?(continue=[^ &]+&)?limit=1\b/g) ?? [];
    assert.equal(pages.length, 2, stderr);
  });

  it('reads names of several kinds, and says which there are not', async () => {
    const [several, missing, ignored, unknown] = await Promise.all([
      get('pod/web-1', 'svc/web', '-o', 'name'),
      attempt('pods', 'web-1', 'nope'),
      attempt('pods', 'nope', '--ignore-not-found'),
      attempt('leases', 'nope'),
    ]);
    assert.equal(several, 'pod/web-1\nservice/web\n');
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^web-1 /m);
    assert.equal(missing.stderr, 'Error from server (NotFound): pods "nope" not found\n');
    assert.deepEqual([ignored.code, ignored.stdout, ignored.stderr], [0, '', '']);
    assert.equal(unknown.stderr, 'Error from server (NotFound): leases.coordination.k8s.io "nope" not found\n');
  });

  it('dumps what there is of the cluster, with the output of its containers', async () => {
    const { kubectl } = bed();
    const dump = await kubectl.run(['cluster-info', 'dump', '-A']);
    for (const kind of ['Node', 'Event', 'ReplicationController', 'Service', 'DaemonSet', 'Deployment', 'Pod']) {
      assert.match(dump, new RegExp(`"kind": "${kind}List"`), kind);
    }
    assert.match(dump, /"name": "web-1"/);
    assert.match(dump, /^==== START logs for container web of pod default\/web-1 ====$/m);
    const { stderr } = await attempt('deployments');
    assert.match(stderr, /the server doesn't have a resource type "deployments"/, 'which is still none that is served');
  });

  it('reads a subresource, and any path as it is', async () => {
    const [status, raw, missing] = await Promise.all([
      get('rc', 'web', '--subresource=status'),
      get('--raw', '/api/v1/namespaces/default/pods/web-1'),
      attempt('--raw', '/nothing'),
    ]);
    assert.match(status, /^web +2 +2 +1 +2m10s$/m);
    assert.equal(JSON.parse(raw).metadata.name, 'web-1');
    assert.equal(missing.stderr, 'Error from server (NotFound): the server could not find the requested resource\n');
  });

  it('tells events, oldest first', async () => {
    const [table, wide, events, ofPod] = await Promise.all([
      get('events'),
      get('events', '-o', 'wide', '--field-selector', 'type=Normal'),
      bed().kubectl.run(['events']),
      bed().kubectl.run(['events', '--for', 'pod/web-1', '--no-headers']),
    ]);
    assert.match(table, /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/m);
    assert.match(table, /^10s +Normal +Started +pod\/web-1 +Started container web$/m);
    assert.match(wide, /^10s +Normal +Started +pod\/web-1 +kubelet, n1 +Started container web +2m10s +2 +web-1\.1$/m);
    assert.match(
      events,
      /Warning +FailedScheduling +Pod\/web-2 +0\/1 nodes are available\n.*\(x2 over .*\) +Normal +Started/,
    );
    assert.match(ofPod, /^\S+ \(x2 over \S+\) +Normal +Started +Pod\/web-1 +Started container web\n$/);
  });
});
