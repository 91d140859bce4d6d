import assert from 'node:assert/strict';
import { decodeObject } from '../../../reconcilers/objects/decode.ts';
import { KINDS, type Kind } from '../../../reconcilers/objects/kinds.ts';
import { describeProblem } from '../../../reconcilers/objects/manifest-problem.ts';
import { nearestName } from '../../../reconcilers/objects/nearest-name.ts';

function decode(kind: Kind, value: unknown) {
  const { object, problems } = decodeObject(value, KINDS[kind]);
  return { object, problems: problems.map((problem) => `${problem.type}: ${describeProblem(problem)}`) };
}

describe('decoding of JSON from clients', () => {
  it('takes a whole object over, its status too, and drops nulls', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'a',
        creationTimestamp: null,
        labels: { a: 'b', empty: null },
        managedFields: [{ manager: 'kubectl' }],
      },
      spec: { containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: 0.5, memory: '1Gi' } } }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }],
      },
    };
    const { object, problems } = decode('Pod', pod);
    assert.deepEqual(problems, []);
    assert.deepEqual(object, {
      ...pod,
      metadata: { name: 'a', labels: { a: 'b', empty: '' }, managedFields: [{ manager: 'kubectl' }] },
      spec: { containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '0.5', memory: '1Gi' } } }] },
    });
  });

  it('fills in apiVersion and kind, and refuses others', () => {
    const { object } = decode('Service', { metadata: { name: 'a' } });
    assert.deepEqual([object.apiVersion, object.kind], ['v1', 'Service']);
    assert.deepEqual(decode('Service', { apiVersion: 'v2', kind: 'Pod' }).problems, [
      'invalid: apiVersion: expected "v1", got "v2"',
      'invalid: kind: expected "Service", got "Pod"',
    ]);
  });

  it('tells unknown fields from unsupported and wrong ones', () => {
    const { problems } = decode('Pod', {
      spec: { containers: [{ nmae: 'a', tty: 'yes', securityContext: { seLinuxOptions: { level: 's0' } } }] },
    });
    assert.deepEqual(problems, [
      'unknown: unknown field "spec.containers[0].nmae", did you mean "name"?',
      'invalid: spec.containers[0].tty: expected true or false, got "yes"',
      'unsupported: spec.containers[0].securityContext.seLinuxOptions: not supported by this version of sampan',
    ]);
  });

  for (const value of [null, undefined, 'text', 3, [], true]) {
    it(`answers ${JSON.stringify(value)} with a problem`, () => {
      const { object, problems } = decode('Pod', value);
      assert.equal(problems.length, 1);
      assert.deepEqual(object, { apiVersion: 'v1', kind: 'Pod' });
    });
  }

  it('keeps whole numbers in their range', () => {
    const ports = [{ port: 2 ** 31 }, { port: -(2 ** 31) }, { port: 1.5 }, { port: 2 ** 31 - 1, targetPort: 1e10 }];
    const { problems } = decode('Service', { spec: { ports } });
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[1]),
      [' spec.ports[0].port', ' spec.ports[2].port', ' spec.ports[3].targetPort'],
    );
  });

  it('checks times', () => {
    const times = (creationTimestamp: string) => decode('Node', { metadata: { creationTimestamp } }).problems.length;
    assert.equal(times('2026-01-02T03:04:05Z'), 0);
    assert.equal(times('2026-01-02T03:04:05.123456+01:00'), 0);
    assert.equal(times('2026-13-02T03:04:05Z'), 1);
    assert.equal(times('yesterday'), 1);
  });

  it('does not let a key reach the prototype', () => {
    const labels = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    const { object } = decode('Namespace', { metadata: { name: 'a', labels } });
    assert.equal(Object.getPrototypeOf((object.metadata as { labels: object }).labels), Object.prototype);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    assert.deepEqual(Object.keys((object.metadata as { labels: object }).labels), ['__proto__', 'constructor']);
  });
});

describe('the nearest name', () => {
  const fields = ['replicas', 'selector', 'template', 'minReadySeconds', 'env', 'envFrom', 'image', 'imagePullPolicy'];
  for (const [written, expected] of [
    ['replica', 'replicas'],
    ['Replicas', 'replicas'],
    ['relpicas', 'replicas'],
    ['minreadyseconds', 'minReadySeconds'],
    ['enviroment', 'env'],
    ['imgae', 'image'],
    ['volumes', undefined],
    ['x', undefined],
  ] as const) {
    it(`of ${written} is ${expected}`, () => assert.equal(nearestName(written, fields), expected));
  }
});
