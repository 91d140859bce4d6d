import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Container, PodSpec } from '../../../reconcilers/objects/pod.ts';
import { podTotal } from '../../../reconcilers/objects/pod-total.ts';
import { usageOf } from '../../../reconcilers/objects/policy/quota-usage.ts';
import { qosClass } from '../../../reconcilers/objects/qos-class.ts';
import { demandOf } from '../../../reconcilers/scheduler/demand.ts';

const container = (name: string, cpu: string, more: Partial<Container> = {}): Container => {
  const amounts = { cpu, memory: '8Mi' };
  return { name, image: name, resources: { limits: amounts, requests: amounts }, ...more };
};
const sidecar = (name: string, cpu: string) => container(name, cpu, { restartPolicy: 'Always' });

function pod(spec: Partial<PodSpec>) {
  const made = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' } };
  return applyDefaults('Pod', { ...made, spec: { containers: [], ...spec } as unknown as JsonObject });
}

describe('what a pod takes', () => {
  const cpuOf = (spec: Partial<PodSpec>) => demandOf(pod(spec)).requests.cpu;

  it('is what its containers take together, or one of its init containers where that is more', () => {
    const containers = [container('a', '100m'), container('b', '200m')];
    assert.equal(cpuOf({ containers }), 300);
    assert.equal(cpuOf({ containers, initContainers: [container('one', '50m'), container('two', '250m')] }), 300);
    assert.equal(cpuOf({ containers, initContainers: [container('one', '50m'), container('two', '400m')] }), 400);
  });

  it('counts sidecars beside the others, and beside the init containers that come after them only', () => {
    const initContainers = [
      sidecar('first', '100m'),
      container('one', '800m'),
      sidecar('second', '200m'),
      container('two', '600m'),
    ];
    assert.equal(cpuOf({ initContainers, containers: [container('a', '100m')] }), 900);
    assert.equal(cpuOf({ initContainers, containers: [container('a', '700m')] }), 1_000);
  });

  it('is the same for a quota', () => {
    const spec = {
      initContainers: [sidecar('side', '100m'), container('one', '1')],
      containers: [container('a', '1')],
    };
    const { 'requests.cpu': cpu, 'limits.memory': memory, pods } = usageOf(pod(spec), 0);
    assert.deepEqual([cpu, memory, pods], ['1100m', '16Mi', '1']);
  });

  it('adds in the order of the containers', () => {
    const strings = {
      of: ({ name }: Container) => name,
      add: (a: string, b: string) => a + b,
      max: (_: string, b: string) => b,
    };
    const spec = { initContainers: [sidecar('s', '1'), container('i', '1')], containers: [container('a', '1')] };
    assert.equal(podTotal(pod(spec).spec, strings, ''), 'sa');
  });

  it('counts host ports of what lasts, and the class of service of all', () => {
    const port = { containerPort: 80, hostPort: 8080, protocol: 'TCP' as const };
    const spec = {
      initContainers: [
        container('one', '1', { ports: [port] }),
        { ...sidecar('side', '1'), ports: [{ ...port, hostPort: 9090 }] },
      ],
      containers: [container('a', '1')],
    };
    assert.deepEqual(
      demandOf(pod(spec)).hostPorts.map((each) => each.port),
      [9090],
    );
    assert.equal(qosClass(pod(spec).spec), 'Guaranteed');
    assert.equal(qosClass(pod({ ...spec, initContainers: [{ name: 'one', image: 'one' }] }).spec), 'Burstable');
  });
});
