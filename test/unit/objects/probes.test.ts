/** Probes, hooks and readiness gates as objects: what is filled in, what is refused, and what a rollout sees of them. */
import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { Json, JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Container } from '../../../reconcilers/objects/pod.ts';
import { containerHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';

function podOf(container: JsonObject, spec: JsonObject = {}): JsonObject {
  const containers = [{ name: 'web', image: 'web', ...container }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers, ...spec },
  };
}

function containerOf(container: JsonObject): Container {
  const [found] = applyDefaults('Pod', podOf(container)).spec.containers;
  assert.ok(found);
  return found;
}

function problems(container: JsonObject, spec?: JsonObject): string[] {
  return validateObject('Pod', applyDefaults('Pod', podOf(container, spec))).map(String);
}

const exec = { exec: { command: ['true'] } };

describe('probes', () => {
  it('get the times of Kubernetes, and 0 means the same as nothing', () => {
    const times = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
    assert.deepEqual(containerOf({ livenessProbe: exec }).livenessProbe, { ...exec, ...times });
    assert.deepEqual(containerOf({ livenessProbe: { ...exec, periodSeconds: 0 } }).livenessProbe, {
      ...exec,
      ...times,
    });
    assert.deepEqual(containerOf({ startupProbe: { httpGet: { port: 80 } } }).startupProbe, {
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      ...times,
    });
    assert.equal(containerOf({ readinessProbe: { grpc: { port: 80 } } }).readinessProbe?.grpc?.service, '');
    const { lifecycle } = containerOf({ lifecycle: { preStop: { httpGet: { port: 80 } } } });
    assert.deepEqual(lifecycle?.preStop?.httpGet, { port: 80, path: '/', scheme: 'HTTP' });
  });

  const refusals: [string, Json, string[]][] = [
    ['without a handler', {}, ['spec.containers[0].livenessProbe: Required value: must specify a handler type']],
    [
      'with two',
      { ...exec, grpc: { port: 1 } },
      ['spec.containers[0].livenessProbe.grpc: Forbidden: may not specify more than 1 handler type'],
    ],
    [
      'by a command of nothing',
      { exec: { command: [] } },
      ['spec.containers[0].livenessProbe.exec.command: Required value'],
    ],
    [
      'to no port',
      { tcpSocket: { port: 0 } },
      ['spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'to a port whose name cannot be',
      { tcpSocket: { port: '80' } },
      ['spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: "80": must contain at least one letter (a-z)'],
    ],
    [
      'with another scheme',
      { httpGet: { port: 80, scheme: 'FTP' } },
      ['spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"'],
    ],
    [
      'with a header that is none',
      { httpGet: { port: 80, httpHeaders: [{ name: 'X Y', value: 'z' }] } },
      [
        `spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "X Y": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
      ],
    ],
    [
      'with times that cannot be',
      { ...exec, periodSeconds: -1, terminationGracePeriodSeconds: 0, successThreshold: 2 },
      [
        'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      ],
    ],
  ];
  for (const [what, livenessProbe, expected] of refusals) {
    it(`are refused ${what}`, () => assert.deepEqual(problems({ livenessProbe }), expected));
  }

  it('of readiness may need several successes, and end nothing', () => {
    assert.deepEqual(problems({ readinessProbe: { ...exec, successThreshold: 2 } }), []);
    assert.deepEqual(problems({ readinessProbe: { ...exec, terminationGracePeriodSeconds: 5 } }), [
      'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes',
    ]);
  });

  it('written with their defaults or without make the same container', () => {
    const bare = {
      name: 'web',
      image: 'web',
      readinessProbe: { httpGet: { port: 80 } },
      livenessProbe: { grpc: { port: 1 } },
    };
    const { readinessProbe, livenessProbe } = containerOf(bare as never);
    const hash = containerHash(bare as never);
    assert.equal(containerHash({ ...bare, readinessProbe, livenessProbe } as never), hash);
    assert.notEqual(containerHash({ ...bare, readinessProbe: { httpGet: { port: 81 } } } as never), hash);
  });
});

describe('hooks', () => {
  it('may pause for no longer than the grace period', () => {
    const pausing = (seconds: number) => ({ lifecycle: { preStop: { sleep: { seconds } } } });
    assert.deepEqual(problems(pausing(30)), []);
    for (const seconds of [0, 31]) {
      assert.deepEqual(problems(pausing(seconds)), [
        `spec.containers[0].lifecycle.preStop.sleep: Invalid value: ${seconds}: must be greater than 0 and less than terminationGracePeriodSeconds (30)`,
      ]);
    }
  });

  it('that open a TCP connection are refused, with the reason', () => {
    const [problem] = problems({ lifecycle: { postStart: { tcpSocket: { port: 80 } } } });
    assert.match(
      problem ?? '',
      /^spec\.containers\[0\]\.lifecycle\.postStart\.tcpSocket: Forbidden: a hook that opens a TCP/,
    );
  });

  it('do one thing', () => {
    assert.deepEqual(problems({ lifecycle: { preStop: { ...exec, sleep: { seconds: 1 } } } }), [
      'spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type',
    ]);
  });
});

describe('readiness gates', () => {
  it('are named as conditions are', () => {
    assert.deepEqual(problems({}, { readinessGates: [{ conditionType: 'example.com/warm' }] }), []);
    assert.equal(problems({}, { readinessGates: [{ conditionType: 'not so' }] }).length, 1);
  });
});
