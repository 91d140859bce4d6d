import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPatch } from '../../../../daemon/apiserver/patch/patch.ts';
import type { StrategicMergeCase } from '../../../../hack/strategic-merge-cases.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' }, finalizers: ['x/a', 'x/b'] },
  spec: {
    containers: [
      { name: 'c1', image: 'web:1', env: [{ name: 'A', value: '1' }] },
      { name: 'c2', image: 'web:2' },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
};

function patched(type: string, patch: unknown): JsonObject {
  const before = JSON.stringify(POD);
  const result = applyPatch(type, POD, patch, 'Pod');
  assert.equal(JSON.stringify(POD), before, 'the object itself stays as it was');
  return result;
}

function refusal(type: string, patch: unknown): SampanError {
  try {
    patched(type, patch);
  } catch (error) {
    assert.ok(error instanceof SampanError, String(error));
    return error;
  }
  assert.fail('the patch was taken');
}

describe('applyPatch', () => {
  it('takes the media type with parameters, in any case', () => {
    const result = patched('Application/Merge-Patch+JSON; charset=utf-8', { metadata: { labels: { app: null } } });
    assert.deepEqual((result.metadata as JsonObject).labels, {});
  });

  it('answers another media type with 415 and those it takes', () => {
    const error = refusal('application/json', {});
    assert.equal(error.status, 415);
    assert.equal(error.reason, 'UnsupportedMediaType');
    assert.equal(
      error.message,
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ' +
        'application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
    );
  });
});

describe('a JSON merge patch', () => {
  it('drops the nulls of what it adds', () => {
    const { spec } = patched(MERGE, { spec: { securityContext: { runAsUser: 1, runAsGroup: null } } });
    assert.deepEqual((spec as JsonObject).securityContext, { runAsUser: 1 });
  });

  it('never reaches the prototype', () => {
    const patch = JSON.parse('{"__proto__":{"polluted":true},"metadata":{"__proto__":{"polluted":true}}}') as Json;
    patched(MERGE, patch);
    patched(STRATEGIC, patch);
    assert.equal(({} as JsonObject).polluted, undefined);
  });

  it('is an object', () => {
    assert.equal(refusal(MERGE, []).status, 400);
  });
});

describe('a JSON Patch', () => {
  const values = (operations: Json[]): Json => patched(JSON_PATCH, operations);

  it('adds, removes, replaces, moves, copies and tests', () => {
    const result = values([
      { op: 'test', path: '/spec/containers/0/image', value: 'web:1' },
      { op: 'add', path: '/metadata/finalizers/0', value: 'x/0' },
      { op: 'add', path: '/metadata/finalizers/-', value: 'x/c' },
      { op: 'remove', path: '/spec/volumes/-1' },
      { op: 'replace', path: '/spec/containers/1/image', value: 'web:3' },
      { op: 'copy', from: '/spec/containers/1', path: '/spec/containers/-' },
      { op: 'move', from: '/metadata/labels/app', path: '/metadata/labels/a~1b~0c' },
    ]) as unknown as typeof POD;
    assert.deepEqual(result.metadata, {
      name: 'web',
      labels: { 'a/b~c': 'web' },
      finalizers: ['x/0', 'x/a', 'x/b', 'x/c'],
    });
    assert.deepEqual(result.spec.volumes, []);
    assert.deepEqual(result.spec.containers.slice(1), [
      { name: 'c2', image: 'web:3' },
      { name: 'c2', image: 'web:3' },
    ]);
  });

  it('replaces a member that is absent, as the API server does', () => {
    const result = values([
      { op: 'replace', path: '/metadata/annotations', value: { a: 'b' } },
    ]) as unknown as typeof POD;
    assert.deepEqual((result.metadata as JsonObject).annotations, { a: 'b' });
  });

  const failing: [string, JsonObject][] = [
    ['testing value /spec/nodeName failed: test failed', { op: 'test', path: '/spec/nodeName', value: 'n' }],
    [
      "error in remove for path: '/spec/nodeName': Unable to remove nonexistent key: nodeName: missing value",
      { op: 'remove', path: '/spec/nodeName' },
    ],
    [
      'add operation does not apply: doc is missing path: "/spec/no/where": missing value',
      { op: 'add', path: '/spec/no/where', value: 1 },
    ],
    [
      "error in add for path: '/spec/containers/9': Unable to access invalid index: 9: invalid index referenced",
      { op: 'add', path: '/spec/containers/9', value: {} },
    ],
    ['Unexpected kind: raise', { op: 'raise', path: '/spec' }],
    ['add operation failed to decode path: missing value', { op: 'add', value: 1 }],
  ];
  for (const [message, operation] of failing) {
    it(`is rejected with 422: ${message}`, () => {
      const error = refusal(JSON_PATCH, [operation]);
      assert.equal(error.message, `the server rejected our request due to an error in our request: ${message}`);
      assert.deepEqual([error.status, error.reason], [422, 'Invalid']);
    });
  }

  it('is a list of operations', () => {
    assert.equal(refusal(JSON_PATCH, { op: 'add' }).status, 400);
    assert.equal(refusal(JSON_PATCH, [1]).status, 400);
  });

  it('has at most 10,000 operations', () => {
    const error = refusal(JSON_PATCH, Array(10_001).fill({ op: 'test', path: '/kind', value: 'Pod' }));
    assert.equal(error.status, 413);
    assert.match(error.message, /The allowed maximum operations in a JSON patch is 10000, got 10001/);
  });

  it('cannot fill the memory with copies of copies', () => {
    const copies = Array.from({ length: 32 }, (_, i) => ({ op: 'copy', from: '/spec', path: `/spec/more${i}` }));
    assert.match(refusal(JSON_PATCH, copies).message, /accumulated size increase of copy/);
  });
});

describe('a strategic merge patch', () => {
  const golden = JSON.parse(
    readFileSync(join(import.meta.dirname, 'strategic-merge.golden.json'), 'utf8'),
  ) as StrategicMergeCase[];
  for (const [i, { object, patch, expected }] of golden.entries()) {
    it(`makes what kubectl makes of it (case ${i + 1})`, () => {
      assert.deepEqual(withoutNulls(applyPatch(STRATEGIC, object, patch, 'Pod')), expected);
    });
  }

  it('replaces a map or takes it away where $patch says so', () => {
    const { spec } = patched(STRATEGIC, { spec: { $patch: 'replace', nodeName: 'n1' } });
    assert.deepEqual(spec, { nodeName: 'n1' });
    assert.deepEqual(patched(STRATEGIC, { metadata: { labels: { $patch: 'delete' } } }).metadata, {
      ...POD.metadata,
      labels: {},
    });
    assert.ok(!('affinity' in (patched(STRATEGIC, { spec: { affinity: { $patch: 'delete', a: 1 } } }).spec as object)));
  });

  it('replaces lists that have no merge key', () => {
    const once = applyPatch(
      STRATEGIC,
      { spec: { taints: [{ key: 'a' }] } },
      { spec: { taints: [{ key: 'b' }] } },
      'Node',
    );
    assert.deepEqual(once, { spec: { taints: [{ key: 'b' }] } });
  });

  it('merges podCIDRs as a set and conditions by type', () => {
    const node = { spec: { podCIDRs: ['10.0.0.0/24'] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    const patch = { spec: { podCIDRs: ['fd00::/64'] }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    assert.deepEqual(applyPatch(STRATEGIC, node, patch, 'Node'), {
      spec: { podCIDRs: ['fd00::/64', '10.0.0.0/24'] },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
    });
  });

  const bad: [string, JsonObject][] = [
    ['map: map[image:i] does not contain declared merge key: name', { spec: { containers: [{ image: 'i' }] } }],
    ['merging lists cannot yet be specified in the patch', { spec: { containers: [{ $patch: 'merge', name: 'c' }] } }],
    [
      'unknown patch type: foo in map: map[$patch:foo image:i name:c]',
      { spec: { containers: [{ $patch: 'foo', name: 'c', image: 'i' }] } },
    ],
    ['unknown patch type: merge in map: map[$patch:merge]', { spec: { $patch: 'merge' } }],
    [
      'invalid patch format of retainKeys',
      { spec: { volumes: [{ name: 'data', $retainKeys: ['name'], hostPath: { path: '/x' } }] } },
    ],
    ['invalid patch format of setElementOrder list', { spec: { '$setElementOrder/containers': {} } }],
    [
      "The order in patch list:\n[map[name:c2] map[name:c3]]\n doesn't match $setElementOrder list:\n[map[name:c3] map[name:c2]]\n",
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'c3' }, { name: 'c2' }],
          containers: [{ name: 'c2' }, { name: 'c3' }],
        },
      },
    ],
    ['lists of lists are not supported', { spec: { containers: [[]] } }],
  ];
  for (const [message, patch] of bad) {
    it(`is refused with 400: ${JSON.stringify(message)}`, () => {
      const error = refusal(STRATEGIC, patch);
      assert.deepEqual([error.status, error.message], [400, message]);
    });
  }
});

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member ?? null)]));
}
