/** What a pod may say of its init containers, its deadline and its containers' last words. */
import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { validateObject, validateUpdate } from '../../../reconcilers/objects/validation.ts';

const web = { name: 'web', image: 'web', ports: [{ containerPort: 80, hostPort: 8080 }] };

function podOf(spec: JsonObject): Pod {
  return applyDefaults('Pod', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [web], ...spec },
  });
}
const errorsOf = (spec: JsonObject) => validateObject('Pod', podOf(spec)).map(String);

describe('validation of init containers', () => {
  it('takes them, and ports that are free again when the others start', () => {
    assert.deepEqual(
      errorsOf({
        initContainers: [
          { ...web, name: 'one' },
          { name: 'two', image: 'b', restartPolicy: 'Always' },
        ],
      }),
      [],
    );
  });

  it('wants names of their own, and of a sidecar ports of its own', () => {
    const sidecar = { ...web, name: 'side', restartPolicy: 'Always' };
    assert.deepEqual(errorsOf({ initContainers: [{ ...web, ports: [] }, sidecar] }), [
      'spec.initContainers[0].name: Duplicate value: "web"',
      'spec.initContainers[1].ports[0].hostPort: Duplicate value: "TCP//8080"',
    ]);
  });

  it('knows one restartPolicy of a container, for init containers alone', () => {
    assert.deepEqual(errorsOf({ initContainers: [{ name: 'one', image: 'a', restartPolicy: 'OnFailure' }] }), [
      'spec.initContainers[0].restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
    ]);
    assert.deepEqual(errorsOf({ containers: [{ ...web, restartPolicy: 'Always' }] }), [
      'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers',
    ]);
  });

  it('keeps from those that end what is for those that run', () => {
    const readinessProbe = { exec: { command: ['true'] } };
    assert.ok(
      errorsOf({ initContainers: [{ name: 'one', image: 'a', readinessProbe }] }).includes(
        'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ),
    );
  });

  it('knows where last words come from', () => {
    assert.deepEqual(errorsOf({ containers: [{ ...web, terminationMessagePolicy: 'Log' }] }), [
      'spec.containers[0].terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError"',
    ]);
  });
});

describe('validation of a deadline', () => {
  it('wants seconds, of a pod and not of a template', () => {
    assert.deepEqual(errorsOf({ activeDeadlineSeconds: 1 }), []);
    assert.deepEqual(errorsOf({ activeDeadlineSeconds: 0 }), [
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ]);
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [web], activeDeadlineSeconds: 5 } };
    const controller = applyDefaults('ReplicationController', {
      metadata: { name: 'web', namespace: 'default' },
      spec: { template },
    });
    assert.deepEqual(validateObject('ReplicationController', controller).map(String), [
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ]);
  });

  const updated = (from: JsonObject, to: JsonObject) => validateUpdate('Pod', podOf(to), podOf(from)).map(String);

  it('may be set later, and come sooner, and is never put off or lifted', () => {
    assert.deepEqual(updated({}, { activeDeadlineSeconds: 60 }), []);
    assert.deepEqual(updated({ activeDeadlineSeconds: 60 }, { activeDeadlineSeconds: 5 }), []);
    assert.deepEqual(updated({ activeDeadlineSeconds: 60 }, { activeDeadlineSeconds: 61 }), [
      'spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value',
    ]);
    assert.deepEqual(updated({ activeDeadlineSeconds: 60 }, {}), [
      'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
    ]);
  });

  it('is not all: the images of init containers may change, their number may not', () => {
    const initContainers = [{ name: 'one', image: 'a' }];
    assert.deepEqual(updated({ initContainers }, { initContainers: [{ name: 'one', image: 'b' }] }), []);
    assert.deepEqual(updated({ initContainers }, {}), [
      'spec.initContainers: Forbidden: pod updates may not add or remove containers',
    ]);
  });
});
