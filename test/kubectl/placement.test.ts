/** Affinity and spread as a person meets them: declared, declared again, refused, and told why a pod waits. */
import assert from 'node:assert/strict';
import { createSchedulerLoop } from '../../reconcilers/scheduler/index.ts';
import { draftNode } from '../fakes/objects.ts';
import { startLoops } from '../fakes/running-loops.ts';
import { eachKubectl } from './harness/each-kubectl.ts';

const WEB = `
apiVersion: v1
kind: Pod
metadata: {name: web-2, labels: {app: web}}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}]
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: topology.kubernetes.io/zone
        labelSelector: {matchLabels: {app: web}}
        matchLabelKeys: [version]
  topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}
  containers: [{name: web, image: web}]
`;

eachKubectl('placement', ['1.32'], (bed) => {
  it('is declared, shown as it was, told of where it cannot be, and follows a label that kubectl sets', async () => {
    const { kubectl, cluster } = bed();
    for (const name of ['n1', 'n2', 'n3']) await cluster.registry.create('Node', draftNode(name));
    await kubectl.run(['label', 'node', 'n1', 'n2', 'topology.kubernetes.io/zone=a']);
    const loops = await startLoops(cluster, (deps) => [createSchedulerLoop(deps)]);
    await kubectl.run(['run', 'web-1', '--image=web', '--labels=app=web', '--overrides={"spec":{"nodeName":"n1"}}']);
    const file = kubectl.writeFile('web.yaml', WEB);
    await kubectl.run(['apply', '-f', file]);
    await loops.settled();

    const described = await kubectl.run(['describe', 'pod', 'web-2']);
    assert.match(described, /^Topology Spread Constraints: +kubernetes\.io\/hostname:ScheduleAnyway when max skew 1/m);
    const path = '{.status.conditions[?(@.type=="PodScheduled")].message}';
    assert.equal(
      await kubectl.run(['get', 'pod', 'web-2', '-o', `jsonpath=${path}`]),
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod anti-affinity rules.",
    );
    assert.match(await kubectl.run(['apply', '-f', file]), /^pod\/web-2 unchanged$/m);

    await kubectl.run(['label', 'pod', 'web-1', 'app=old', '--overwrite']);
    await loops.settled();
    assert.equal(await kubectl.run(['get', 'pod', 'web-2', '-o', 'jsonpath={.spec.nodeName}']), 'n2');
    await loops.stop();
  });
});
