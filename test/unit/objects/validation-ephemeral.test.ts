import assert from 'node:assert/strict';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS, type Kind } from '../../../reconcilers/objects/kinds.ts';
import { validateNewObject, validateObject } from '../../../reconcilers/objects/validation.ts';
import { validateEphemeralContainersUpdate } from '../../../reconcilers/objects/validation-ephemeral.ts';

const metadata = { name: 'a', namespace: 'b' };
const containers = [{ name: 'web', image: 'web' }];
const debug = { name: 'debug', image: 'busybox' };

describe('validation of ephemeral containers', () => {
  const read = (kind: Kind, given: JsonObject) => {
    const { object, problems } = decodeObject(given, KINDS[kind]);
    assert.deepEqual(problems, []);
    return applyDefaults(kind, object as never);
  };
  const errors = (...ephemeralContainers: JsonObject[]) =>
    validateObject('Pod', read('Pod', { metadata, spec: { containers, ephemeralContainers } })).map(String);

  it('takes what kubectl debug sends', () => {
    const sent = {
      ...debug,
      resources: {},
      stdin: true,
      tty: true,
      targetContainerName: 'web',
      terminationMessagePolicy: 'File',
      securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
    };
    assert.deepEqual(errors(sent), []);
  });

  it('wants names that no other container of the pod has, and an image', () => {
    const at = 'spec.ephemeralContainers';
    assert.deepEqual(errors({ ...debug, name: 'web' }), [`${at}[0].name: Duplicate value: "web"`]);
    assert.deepEqual(errors(debug, debug), [`${at}[1].name: Duplicate value: "debug"`]);
    assert.deepEqual(errors({ name: 'debug' }), [`${at}[0].image: Required value`]);
    assert.deepEqual(errors({ image: 'x' }), [`${at}[0].name: Required value`]);
  });

  it('refuses ports, probes, resources and lifecycle', () => {
    const probe = { tcpSocket: { port: 80 } };
    const given = {
      ports: [{ containerPort: 80 }],
      resources: { limits: { cpu: '1' } },
      livenessProbe: probe,
      readinessProbe: probe,
      startupProbe: probe,
      lifecycle: { preStop: { exec: { command: ['x'] } } },
    };
    assert.deepEqual(
      errors({ ...debug, ...given }),
      Object.keys(given).map(
        (field) => `spec.ephemeralContainers[0].${field}: Forbidden: cannot be set for an Ephemeral Container`,
      ),
    );
  });

  it('wants a target that is a container of the pod, and no ephemeral one', () => {
    const field = 'spec.ephemeralContainers[0].targetContainerName';
    assert.deepEqual(errors({ ...debug, targetContainerName: 'nobody' }), [`${field}: Not found: "nobody"`]);
    assert.deepEqual(errors({ ...debug, targetContainerName: 'debug' }), [`${field}: Not found: "debug"`]);
  });

  it('refuses them in new pods and in templates', () => {
    const spec = { containers, ephemeralContainers: [debug] };
    const refusals = (kind: Kind, object: JsonObject) => validateNewObject(kind, read(kind, object)).map(String);
    assert.deepEqual(refusals('Pod', { metadata, spec }), [
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]);
    const template = { metadata: { labels: { a: 'b' } }, spec };
    const text = 'Forbidden: ephemeral containers not allowed in pod template';
    assert.deepEqual(refusals('ReplicationController', { metadata, spec: { template } }), [
      `spec.template.spec.ephemeralContainers: ${text}`,
    ]);
    assert.deepEqual(refusals('PodTemplate', { metadata, template }), [`template.spec.ephemeralContainers: ${text}`]);
  });

  it('lets more be added, in any order, and nothing else', () => {
    const problems = (...ephemeralContainers: JsonObject[]) =>
      validateEphemeralContainersUpdate({ ephemeralContainers }, { ephemeralContainers: [debug] }).map(String);
    assert.deepEqual(problems({ name: 'more', image: 'x' }, debug), []);
    const text = 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be';
    assert.deepEqual(problems({ name: 'more', image: 'x' }), [`${text} removed`]);
    assert.deepEqual(problems({ ...debug, image: 'other' }), [`${text} changed`]);
  });
});
