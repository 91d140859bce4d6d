import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import { threeWayMerge } from '../../../reconcilers/objects/merge.ts';

/** As the registry stores it: defaulted, with identity and addresses. */
function stored<K extends Kind>(kind: K, declared: JsonObject, change: (live: ObjectOf<K>) => void = () => {}) {
  const live = applyDefaults(kind, declared);
  Object.assign(live.metadata, { uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-02T03:04:05Z' });
  change(live);
  return live;
}

function rc(
  change: { replicas?: number; labels?: JsonObject; container?: JsonObject; spec?: JsonObject } = {},
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      ...(change.replicas !== undefined && { replicas: change.replicas }),
      template: {
        metadata: { labels: change.labels ?? { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1', ...change.container }], ...change.spec },
      },
    },
  };
}

function service(ports: JsonObject[], spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports, ...spec },
  };
}

describe('three-way merge', () => {
  it('of what is applied already changes nothing: defaults, addresses and status are no drift', () => {
    const declared = service([{ port: 80 }, { port: 53, protocol: 'UDP', name: 'dns' }], { type: 'NodePort' });
    const live = stored('Service', declared, ({ spec, metadata }) => {
      Object.assign(spec, { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'] });
      for (const [i, port] of spec.ports.entries()) port.nodePort = 30000 + i;
      metadata.annotations = { 'somebody/else': 'x' };
    });
    const { merged, changedFields } = threeWayMerge('Service', declared, declared, live);
    assert.deepEqual(changedFields, []);
    assert.deepEqual(merged, live);
    const template = rc({ container: { ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] } });
    const controller = stored('ReplicationController', template, ({ status }) =>
      Object.assign(status, { replicas: 3 }),
    );
    assert.deepEqual(threeWayMerge('ReplicationController', template, template, controller).changedFields, []);
    assert.deepEqual(threeWayMerge('ReplicationController', undefined, template, controller).changedFields, []);
  });

  it('puts back what others changed of declared fields, and keeps the rest', () => {
    const declared = rc({ replicas: 2 });
    const live = stored('ReplicationController', declared, ({ spec, metadata }) => {
      spec.replicas = 5;
      spec.minReadySeconds = 9;
      metadata.labels = { app: 'web', added: 'x' };
      const [container] = spec.template.spec.containers;
      assert.ok(container);
      container.image = 'hacked';
      container.workingDir = '/srv';
    });
    const { merged, changedFields } = threeWayMerge('ReplicationController', declared, declared, live);
    assert.deepEqual(changedFields.toSorted(), ['spec.replicas', 'spec.template.spec.containers[0].image']);
    assert.equal(merged.spec.minReadySeconds, 9);
    assert.deepEqual(merged.metadata.labels, { app: 'web', added: 'x' });
    assert.deepEqual(merged.spec.template.spec.containers[0], { name: 'web', image: 'web:1', workingDir: '/srv' });
    assert.equal(merged.metadata.resourceVersion, '7');
  });

  it('takes away what is no longer declared, down to its default', () => {
    const before = rc({
      replicas: 4,
      container: {
        command: ['x'],
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ports: [{ containerPort: 1 }],
      },
      spec: { terminationGracePeriodSeconds: 5 },
    });
    const after = rc({ container: { env: [{ name: 'B', value: '2' }] } });
    const live = stored('ReplicationController', before, ({ spec }) => {
      spec.template.spec.containers[0]?.env?.push({ name: 'C', value: 'by others' });
    });
    const { merged } = threeWayMerge('ReplicationController', before, after, live);
    assert.equal(merged.spec.replicas, 1);
    assert.equal(merged.spec.template.spec.terminationGracePeriodSeconds, 30);
    assert.deepEqual(merged.spec.template.spec.containers, [
      {
        name: 'web',
        image: 'web:1',
        env: [
          { name: 'B', value: '2' },
          { name: 'C', value: 'by others' },
        ],
      },
    ]);
  });

  it('keeps what was never declared: a scaled controller stays scaled', () => {
    const declared = rc();
    const live = stored('ReplicationController', declared, ({ spec }) => {
      spec.replicas = 6;
    });
    const next = rc({ container: { image: 'web:2' } });
    const { merged, changedFields } = threeWayMerge('ReplicationController', declared, next, live);
    assert.deepEqual(changedFields, ['spec.template.spec.containers[0].image']);
    assert.equal(merged.spec.replicas, 6);
  });

  it('lets a derived default follow its source: selector and labels of a template, ports of a hostNetwork pod', () => {
    const before = rc({ spec: { hostNetwork: true }, container: { ports: [{ containerPort: 80 }] } });
    const after = rc({ labels: { app: 'shop' }, container: { ports: [{ containerPort: 80 }] } });
    const { merged } = threeWayMerge('ReplicationController', before, after, stored('ReplicationController', before));
    assert.deepEqual(merged.spec.selector, { app: 'shop' });
    assert.deepEqual(merged.metadata.labels, { app: 'shop' });
    assert.deepEqual(merged.spec.template.spec.containers[0]?.ports, [{ containerPort: 80, protocol: 'TCP' }]);
    assert.equal(merged.spec.template.spec.hostNetwork, undefined);
  });

  it('takes the declared order of a keyed list, what others added last', () => {
    const env = (...names: string[]) => rc({ container: { env: names.map((name) => ({ name, value: name })) } });
    const live = stored('ReplicationController', env('A', 'X', 'B'));
    const { merged } = threeWayMerge('ReplicationController', env('A', 'B'), env('B', 'A'), live);
    assert.deepEqual(
      merged.spec.template.spec.containers[0]?.env?.map(({ name }) => name),
      ['B', 'A', 'X'],
    );
  });

  it('tells ports apart by number and protocol', () => {
    const before = service(
      [
        { port: 53, protocol: 'UDP', name: 'u' },
        { port: 53, name: 't' },
      ],
      { type: 'NodePort' },
    );
    const live = stored('Service', before, ({ spec }) => {
      for (const [i, port] of spec.ports.entries()) port.nodePort = 30000 + i;
    });
    const after = service([{ port: 53, name: 't', targetPort: 5353 }], { type: 'NodePort' });
    const { merged } = threeWayMerge('Service', before, after, live);
    assert.deepEqual(merged.spec.ports, [{ port: 53, name: 't', targetPort: 5353, protocol: 'TCP', nodePort: 30001 }]);
  });

  it('replaces other lists whole', () => {
    const before = rc({ container: { args: ['a', 'b'] } });
    const live = stored('ReplicationController', before, ({ spec }) => {
      spec.template.spec.containers[0]?.args?.push('c');
    });
    const { merged } = threeWayMerge('ReplicationController', before, before, live);
    assert.deepEqual(merged.spec.template.spec.containers[0]?.args, ['a', 'b']);
    const ends = (...ips: string[]): JsonObject => ({
      metadata: { name: 'e', namespace: 'default' },
      subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 1 }] }],
    });
    const result = threeWayMerge(
      'Endpoints',
      ends('10.0.0.1'),
      ends('10.0.0.2'),
      stored('Endpoints', ends('10.0.0.1')),
    );
    assert.deepEqual(result.merged.subsets, [
      { addresses: [{ ip: '10.0.0.2' }], ports: [{ port: 1, protocol: 'TCP' }] },
    ]);
  });

  it('on first applying over an object of others removes nothing', () => {
    const live = stored('ReplicationController', rc({ replicas: 3, container: { tty: true } }));
    const { merged } = threeWayMerge('ReplicationController', undefined, rc({ container: { image: 'web:9' } }), live);
    assert.equal(merged.spec.replicas, 3);
    assert.deepEqual(merged.spec.template.spec.containers[0], { name: 'web', image: 'web:9', tty: true });
  });

  it('never takes status or identity from a manifest, and shares nothing with its arguments', () => {
    const declared = rc();
    const live = stored('ReplicationController', declared);
    const claims = {
      ...declared,
      metadata: { name: 'web', namespace: 'default', uid: 'forged' },
      status: { replicas: 99 },
    };
    const { merged, changedFields } = threeWayMerge('ReplicationController', declared, claims, live);
    assert.deepEqual(changedFields, []);
    assert.equal(merged.metadata.uid, 'u');
    merged.spec.template.spec.containers.pop();
    assert.equal(live.spec.template.spec.containers.length, 1);
  });
});
