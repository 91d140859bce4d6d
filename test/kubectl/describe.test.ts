/** `kubectl describe`: what it gathers about an object, from the object and from what belongs to it. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';
import { fillCluster } from './harness/sample-cluster.ts';

eachKubectl('describe', ['1.27', '1.30', '1.33'], (bed) => {
  const describeAll = (...args: string[]) => bed().kubectl.run(['describe', ...args]);
  const holds = (text: string, ...lines: readonly RegExp[]) => {
    for (const line of lines) assert.match(text, line);
  };
  before(() => fillCluster(bed().cluster));

  it('tells of pods, their controller and their Service, with events and endpoints', async () => {
    const [pod, rc, service] = await Promise.all([
      describeAll('pod', 'web-1'),
      describeAll('rc', 'web'),
      describeAll('svc,ep', 'web'),
    ]);
    holds(
      pod,
      /^Name: +web-1$/m,
      /^Node: +n1\/192\.0\.2\.1$/m,
      /^Labels: +app=web$/m,
      /^Status: +Running$/m,
      /^IP: +10\.244\.0\.7$/m,
      /^ {4}Image: +nginx:1\.27$/m,
      /^ {4}Port: +80\/TCP$/m,
      /^ {4}State: +Running$/m,
      /^ {4}Last State: +Terminated$/m,
      /^ {4}Restart Count: +3$/m,
      /^ {6}MODE: +fast$/m,
      /^ {4}Requests:\n {6}cpu: +250m\n {6}memory: +64Mi$/m,
      /^ {2}Ready +True *$/m,
      /^QoS Class: +Burstable$/m,
      /^ {2}Normal +Started .*x2 over .* +kubelet +Started container web$/m,
    );
    assert.doesNotMatch(pod, /FailedScheduling/, 'of another pod');
    holds(
      rc,
      /^Selector: +app=web$/m,
      /^Replicas: +2 current \/ 2 desired$/m,
      /^Pods Status: +1 Running \/ 1 Waiting \/ 0 Succeeded \/ 0 Failed$/m,
      /^ {4}Image: +nginx:1\.27$/m,
      /^Events: +<none>$/m,
    );
    holds(
      service,
      /^Type: +ClusterIP$/m,
      /^IP: +10\.96\.0\.80$/m,
      /^Port: +<unset> +80\/TCP$/m,
      /^TargetPort: +http\/TCP$/m,
      /^Endpoints: +10\.244\.0\.7:80$/m,
      /^Session Affinity: +None$/m,
      /^ {2}Addresses: +10\.244\.0\.7$/m,
    );
  });

  it('tells of nodes and namespaces, with what runs and what is limited there', async () => {
    const [node, namespace] = await Promise.all([describeAll('node', 'n1'), describeAll('ns', 'default')]);
    holds(
      node,
      /^Roles: +control-plane$/m,
      /^Labels: +kubernetes\.io\/hostname=n1$/m,
      /^Unschedulable: +false$/m,
      /^Lease: +Failed to get lease: leases\.coordination\.k8s\.io "n1" not found$/m,
      /^ {2}MemoryPressure +False .* +KubeletHasSufficientMemory +kubelet has sufficient memory available$/m,
      /^ {2}Ready +True .* +KubeletReady +kubelet is posting ready status$/m,
      /^ {2}InternalIP: +192\.0\.2\.1$/m,
      /^ {2}Container Runtime Version: +docker:\/\/28\.0\.1$/m,
      /^PodCIDR: +10\.244\.0\.0\/24$/m,
      /^Non-terminated Pods: +\(1 in total\)$/m,
      /^ {2}default +web-1 +250m \(6%\) +0 \(0%\) +64Mi \(0%\) +128Mi \(1%\) +\S+$/m,
    );
    holds(
      namespace,
      /^Labels: +kubernetes\.io\/metadata\.name=default$/m,
      /^Status: +Active$/m,
      /^Resource Quotas\n {2}Name: +most$/m,
      /^ {2}limits\.memory +256Mi +1Gi$/m,
      /^Resource Limits\n/m,
    );
  });

  it('tells of what is configured and limited, and of what it does not know the kind of', async () => {
    const text = await describeAll(
      ...['cm/settings', 'secret/door', 'quota/most', 'limits/each', 'pvc/disk', 'pdb/web', 'sa/robot', 'source/shop'],
    );
    holds(
      text,
      /^colour:\n----\nblue\n/m,
      /^Type: +Opaque\n\nData\n====\nkey: +11 bytes$/m,
      /^pods +2 +10$/m,
      /^Container +cpu +- +- +500m +500m +-$/m,
      /^Status: +Pending$/m,
      /^Min available: +1$/m,
      /^Tokens: +<none>$/m,
      /^Kind: +Source$/m,
      /^ {2}Applied Revision: +3f2a91c$/m,
    );
    assert.doesNotMatch(text, /open sesame|b3BlbiBzZXNhbWU/, 'a secret is not told');
  });

  it('finds all whose names begin alike, and says what there is not', async () => {
    const [alike, missing] = await Promise.all([
      describeAll('pod', 'web-'),
      bed().kubectl.attempt(['describe', 'pod', 'nope']),
    ]);
    holds(alike, /^Name: +web-1$/m, /^Name: +web-2$/m);
    assert.deepEqual([missing.code, missing.stderr], [1, 'Error from server (NotFound): pods "nope" not found\n']);
  });
});
