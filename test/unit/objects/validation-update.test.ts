import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Toleration } from '../../../reconcilers/objects/taints.ts';
import { validateObject, validateUpdate } from '../../../reconcilers/objects/validation.ts';

function errorsOf<K extends Kind>(kind: K, before: ObjectOf<K>, change: (next: ObjectOf<K>) => void): string[] {
  const next = structuredClone(before);
  change(next);
  return validateUpdate(kind, next, before).map(String);
}

const pod = applyDefaults('Pod', {
  metadata: { name: 'web', namespace: 'default', uid: 'u1', creationTimestamp: '2026-01-02T03:04:05Z', generation: 3 },
  spec: { containers: [{ name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] }] },
});
const [container] = pod.spec.containers;
assert.ok(container !== undefined);

const service = applyDefaults('Service', {
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.0.0.7', ports: [{ port: 80 }] },
});

describe('validation of updates', () => {
  it('lets a pod change its image, its labels and its status, and be bound', () => {
    const change = (next: typeof pod) => {
      next.spec.containers[0] = { ...container, image: 'web:2' };
      next.metadata.labels = { a: 'b' };
      next.metadata.generation = 4;
      next.spec.nodeName = 'one';
      next.status.phase = 'Running';
    };
    assert.deepEqual(errorsOf('Pod', pod, change), []);
  });

  it('refuses everything else in a pod spec, and says what it was', () => {
    const bound = { ...pod, spec: { ...pod.spec, nodeName: 'one' } };
    const change = (next: typeof pod) => {
      next.spec.nodeName = 'two';
      next.spec.containers[0] = { ...container, env: [{ name: 'A', value: '2' }] };
    };
    assert.deepEqual(errorsOf('Pod', bound, change), [
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations) (changed: spec.containers[0].env[0].value, spec.nodeName)',
    ]);
    assert.deepEqual(
      errorsOf('Pod', pod, (next) => next.spec.containers.push({ name: 'b', image: 'b' })),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    );
  });

  it('lets tolerations come and last longer, and none go', () => {
    const had: Toleration = { key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
    const tolerant: Pod = { ...pod, spec: { ...pod.spec, tolerations: [had] } };
    const added = (next: Pod) => {
      Object.assign(next.spec, { tolerations: [{ ...had, tolerationSeconds: 9 }, { operator: 'Exists' }] });
    };
    assert.deepEqual(errorsOf('Pod', tolerant, added), []);
    const replaced = (next: Pod) => Object.assign(next.spec, { tolerations: [{ operator: 'Exists' }] });
    assert.deepEqual(errorsOf('Pod', tolerant, replaced), [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });

  it('keeps identity', () => {
    const change = (next: typeof pod) => {
      Object.assign(next.metadata, { name: 'x', namespace: 'y', uid: 'z', creationTimestamp: '', generation: 2 });
    };
    assert.deepEqual(errorsOf('Pod', pod, change), [
      'metadata.name: Invalid value: "x": field is immutable',
      'metadata.namespace: Invalid value: "y": field is immutable',
      'metadata.uid: Invalid value: "z": field is immutable',
      'metadata.creationTimestamp: Invalid value: "": field is immutable',
      'metadata.generation: Invalid value: 2: must not be decremented',
    ]);
  });

  it('keeps the clusterIP of a Service, which may be given once', () => {
    const set = (clusterIP: string) => (next: typeof service) => {
      next.spec.clusterIP = clusterIP;
      next.spec.clusterIPs = [clusterIP];
    };
    assert.deepEqual(errorsOf('Service', service, set('10.0.0.8')), [
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set',
    ]);
    assert.deepEqual(errorsOf('Service', service, set('10.0.0.7')), []);
    const open = { ...service, spec: { ...service.spec, clusterIP: '' } };
    assert.deepEqual(errorsOf('Service', open, set('10.0.0.8')), []);
  });
});

describe('validation beyond what a manifest can say', () => {
  const errors = <K extends Kind>(kind: K, object: JsonObject) =>
    validateObject(kind, applyDefaults(kind, object)).map(String);
  const spec = { containers: [{ name: 'a', image: 'a' }] };

  it('wants a name or a prefix to make one of', () => {
    assert.deepEqual(errors('Pod', { metadata: { namespace: 'a' }, spec }), [
      'metadata.name: Required value: name or generateName is required',
    ]);
    assert.deepEqual(errors('Pod', { metadata: { generateName: 'web-', namespace: 'a' }, spec }), []);
    const [dash] = errors('Pod', { metadata: { generateName: '-', namespace: 'a' }, spec });
    assert.match(dash ?? '', /^metadata\.generateName: Invalid value: "-": a lowercase RFC 1123 subdomain must/);
    assert.deepEqual(errors('Pod', { metadata: { name: 'a' }, spec }), ['metadata.namespace: Required value']);
  });

  it('measures names in bytes', () => {
    const [first] = errors('Namespace', { metadata: { name: 'a'.repeat(64) } });
    assert.equal(first, `metadata.name: Invalid value: "${'a'.repeat(64)}": must be no more than 63 bytes`);
  });

  it('allows one controller among owners, and wants them complete', () => {
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'a', uid: '1', controller: true };
    const metadata = { name: 'a', namespace: 'b', ownerReferences: [owner, { ...owner, name: 'b', uid: '' }] };
    const texts = errors('Pod', { metadata, spec });
    assert.equal(texts[0], 'metadata.ownerReferences[1].uid: Invalid value: "": must not be empty');
    assert.match(
      texts[1] ?? '',
      /Only one reference can have Controller set to true\. Found "true" in references for ReplicationController\/a and ReplicationController\/b$/,
    );
  });

  it('limits annotations, but not by what sampan itself keeps there', () => {
    const big = 'x'.repeat(256 * 1024);
    assert.deepEqual(errors('Namespace', { metadata: { name: 'a', annotations: { big } } }), [
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
    assert.deepEqual(
      errors('Namespace', { metadata: { name: 'a', annotations: { 'sampan.dev/last-applied': big } } }),
      [],
    );
  });

  it('holds events to the namespace of what they are about', () => {
    const event = (namespace: string) => ({ metadata: { name: 'e', namespace: 'a' }, involvedObject: { namespace } });
    assert.deepEqual(errors('Event', event('a')), []);
    assert.deepEqual(errors('Event', event('b')), [
      'involvedObject.namespace: Invalid value: "b": does not match event.namespace',
    ]);
  });

  it('refuses a lease without a duration', () => {
    const metadata = { name: 'a', namespace: 'b' };
    assert.deepEqual(errors('Lease', { metadata, spec: { leaseDurationSeconds: 0 } }), [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ]);
  });
});
