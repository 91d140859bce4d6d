import assert from 'node:assert/strict';
import { type Json, type JsonObject, textOf } from '../../../../reconcilers/objects/json.ts';
import { type ApplyRequest, applyServerSide } from '../../../../reconcilers/objects/managed-fields/apply.ts';
import { describeConflicts } from '../../../../reconcilers/objects/managed-fields/conflicts.ts';
import { LAST_APPLIED } from '../../../../reconcilers/objects/managed-fields/last-applied.ts';
import { problemOfApplied } from '../../../../reconcilers/objects/managed-fields/problems-of-applied.ts';
import { trackUpdate } from '../../../../reconcilers/objects/managed-fields/track-update.ts';
import { keepUnmovedTimes } from '../../../../reconcilers/objects/managed-fields/unmoved-times.ts';

const FIRST = '2026-01-02T03:04:05Z';
const LATER = '2026-01-02T04:00:00Z';

function rc(spec: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'web', ...metadata }, spec };
}

function template(...containers: JsonObject[]): JsonObject {
  return { metadata: { labels: { app: 'web' } }, spec: { containers } };
}

function apply(live: JsonObject | undefined, applied: JsonObject, options: Partial<ApplyRequest> = {}): JsonObject {
  const result = attempt(live, applied, options);
  assert.ok('object' in result, 'conflicts' in result ? describeConflicts(result.conflicts) : '');
  return result.object;
}

function attempt(live: JsonObject | undefined, applied: JsonObject, options: Partial<ApplyRequest> = {}) {
  const before = JSON.stringify([live, applied]);
  const type = 'ReplicationController';
  const defaults = { type, hasStatus: true, manager: 'a', apiVersion: 'v1', force: false, time: FIRST };
  const result = applyServerSide({ ...defaults, live, applied, ...options });
  assert.equal(JSON.stringify([live, applied]), before, 'what came in stays as it was');
  return result;
}

function conflictsOf(live: JsonObject, applied: JsonObject, options: Partial<ApplyRequest> = {}): string {
  const result = attempt(live, applied, options);
  assert.ok('conflicts' in result, 'no conflict');
  return describeConflicts(result.conflicts);
}

function updated(live: JsonObject, change: JsonObject, manager: string, subresource?: string): JsonObject {
  const after = { ...live, ...change } as JsonObject;
  const writer = { manager, apiVersion: 'v1', time: LATER, ...(subresource !== undefined && { subresource }) };
  const managedFields = trackUpdate({ type: 'ReplicationController', hasStatus: true, before: live, after }, writer);
  return { ...after, metadata: { ...(after.metadata as JsonObject), managedFields } };
}

function managersOf(object: JsonObject): Record<string, JsonObject> {
  const entries = (object.metadata as { managedFields?: JsonObject[] }).managedFields ?? [];
  return Object.fromEntries(entries.map((entry) => [`${textOf(entry.manager)}/${textOf(entry.operation)}`, entry]));
}

describe('server-side apply', () => {
  it('creates an object, and owns what it applied', () => {
    const created = apply(undefined, rc({ replicas: 2, template: template({ name: 'web', image: 'web:1' }) }));
    const { metadata, ...rest } = created;
    assert.deepEqual(rest.spec, { replicas: 2, template: template({ name: 'web', image: 'web:1' }) });
    assert.deepEqual((metadata as JsonObject).managedFields, [
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'v1',
        time: FIRST,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
            },
          },
        },
      },
    ]);
  });

  it('answers the live object itself where there is nothing to write, whenever it is', () => {
    const live = apply(undefined, rc({ replicas: 2 }));
    assert.equal(apply(live, rc({ replicas: 2 }), { time: LATER }), live);
  });

  it('takes away what its manager applied and no longer does, and only that', () => {
    const both = template(
      { name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] },
      { name: 'log', image: 'l' },
    );
    const created = apply(undefined, rc({ replicas: 2, minReadySeconds: 5, template: both }, { labels: { x: '1' } }));
    const live = { ...created, spec: { ...(created.spec as JsonObject), selector: { app: 'web' } } };
    const next = apply(live, rc({ template: template({ name: 'web', image: 'web:1' }) }), { time: LATER });
    assert.deepEqual(next.spec, { selector: { app: 'web' }, template: template({ name: 'web', image: 'web:1' }) });
    assert.equal((next.metadata as JsonObject).labels, undefined);
  });

  it('leaves what another manager also applied', () => {
    const live = apply(apply(undefined, rc({ replicas: 2 })), rc({ replicas: 2 }), { manager: 'b' });
    assert.deepEqual(Object.keys(managersOf(live)), ['b/Apply', 'a/Apply']);
    assert.equal((apply(live, rc({})).spec as JsonObject).replicas, 2);
  });

  it('conflicts where another manager owns another value, in the words of Kubernetes', () => {
    const live = apply(undefined, rc({ replicas: 2 }));
    assert.equal(
      conflictsOf(live, rc({ replicas: 3 }), { manager: 'b' }),
      'Apply failed with 1 conflict: conflict with "a": .spec.replicas',
    );
    const scaled = updated(live, { spec: { replicas: 4 } }, 'scaler', 'scale');
    assert.equal(
      conflictsOf(scaled, rc({ replicas: 2 })),
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using v1: .spec.replicas',
    );
  });

  it('lists many conflicts by manager', () => {
    const web = { name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] };
    const live = apply(apply(undefined, rc({ template: template(web) })), rc({ replicas: 1 }), { manager: 'b' });
    const wanted = rc({
      replicas: 2,
      template: template({ ...web, image: 'web:2', env: [{ name: 'A', value: '2' }] }),
    });
    assert.equal(
      conflictsOf(live, wanted, { manager: 'c' }),
      'Apply failed with 3 conflicts: conflicts with "a":\n' +
        '- .spec.template.spec.containers[name="web"].image\n' +
        '- .spec.template.spec.containers[name="web"].env[name="A"].value\n' +
        'conflicts with "b":\n- .spec.replicas',
    );
  });

  it('takes over by force', () => {
    const live = apply(undefined, rc({ replicas: 2, minReadySeconds: 1 }));
    const taken = apply(live, rc({ replicas: 3 }), { manager: 'b', force: true });
    assert.equal((taken.spec as JsonObject).replicas, 3);
    assert.deepEqual(managersOf(taken)['a/Apply']?.fieldsV1, { 'f:spec': { 'f:minReadySeconds': {} } });
    assert.equal((apply(taken, rc({ minReadySeconds: 1 })).spec as JsonObject).replicas, 3);
  });

  it('does not conflict where the values agree', () => {
    const live = apply(undefined, rc({ replicas: 2 }));
    const shared = apply(live, rc({ replicas: 2 }), { manager: 'b' });
    assert.equal(managersOf(shared)['b/Apply']?.time, undefined);
  });

  it('claims for before-first-apply what an untracked object held', () => {
    const live = rc({ replicas: 2 }, { uid: 'u1' });
    assert.equal(
      conflictsOf(live, rc({ replicas: 3 })),
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.replicas',
    );
    const next = apply(live, rc({ replicas: 2, minReadySeconds: 1 }));
    assert.deepEqual(Object.keys(managersOf(next)), ['a/Apply', 'before-first-apply/Update']);
  });

  it('keeps the live order of items that others have, and its own order for its own', () => {
    const live = apply(undefined, rc({ template: template(...['x', 'a', 'y', 'b'].map((name) => ({ name }))) }));
    const next = apply(live, rc({ template: template({ name: 'b' }, { name: 'new' }, { name: 'a' }) }), {
      manager: 'b',
    });
    const { containers } = ((next.spec as JsonObject).template as { spec: { containers: JsonObject[] } }).spec;
    assert.deepEqual(
      containers.map(({ name }) => name),
      ['x', 'y', 'b', 'new', 'a'],
    );
  });

  it('does not touch the status through the object, nor the spec through the status', () => {
    const live = { ...rc({ replicas: 2 }, { uid: 'u1' }), status: { replicas: 1 } };
    const next = apply(live, { ...rc({ minReadySeconds: 1 }), status: { replicas: 9 } });
    assert.deepEqual(next.status, { replicas: 1 });
    const byStatus = apply(
      live,
      { ...rc({ replicas: 9 }), status: { replicas: 2 } },
      { subresource: 'status', force: true },
    );
    assert.deepEqual([byStatus.spec, byStatus.status], [{ replicas: 2 }, { replicas: 2 }]);
    assert.equal(managersOf(byStatus)['a/Apply']?.subresource, 'status');
  });

  it('knows defaulted spellings for the same, once they are defaulted', () => {
    const live = apply(undefined, rc({ replicas: 2 }));
    const again = apply(live, rc({ replicas: 2, paused: '0.5' }), { time: LATER });
    assert.equal(keepUnmovedTimes(live, again), again);
    const { spec, ...rest } = apply(live, rc({ replicas: 2 }), { time: LATER });
    assert.equal(keepUnmovedTimes(live, { ...rest, spec: { ...(spec as JsonObject) } }), live);
  });
});

describe('kubectl apply --server-side after client-side apply', () => {
  const applied = rc({ replicas: 2, minReadySeconds: 1 });
  const text = `${JSON.stringify(applied)}\n`;
  const live = (() => {
    const object = rc({ replicas: 2, minReadySeconds: 1 }, { uid: 'u1', annotations: { [LAST_APPLIED]: text } });
    const writer = { manager: 'kubectl-client-side-apply', apiVersion: 'v1', time: FIRST };
    const write = { type: 'ReplicationController', hasStatus: true, before: undefined, after: object };
    const managedFields = trackUpdate(write, writer) ?? [];
    return { ...object, metadata: { ...(object.metadata as JsonObject), managedFields } };
  })();

  it('takes over what the annotation says kubectl applied', () => {
    const next = apply(live, rc({ replicas: 5, minReadySeconds: 1 }), { manager: 'kubectl', time: LATER });
    assert.equal((next.spec as JsonObject).replicas, 5);
    const { annotations } = next.metadata as { annotations: Record<string, string> };
    assert.deepEqual(JSON.parse(annotations[LAST_APPLIED] ?? ''), rc({ replicas: 5, minReadySeconds: 1 }));
  });

  it('still conflicts on what somebody else changed since', () => {
    const scaled = updated(live, { spec: { replicas: 7, minReadySeconds: 1 } }, 'scaler');
    assert.equal(
      conflictsOf(scaled, rc({ replicas: 5, minReadySeconds: 2 }), { manager: 'kubectl' }),
      'Apply failed with 1 conflict: conflict with "scaler" using v1: .spec.replicas',
    );
  });

  it('conflicts as anybody does where the manager is not kubectl', () => {
    assert.equal(
      conflictsOf(live, rc({ replicas: 5 }), { manager: 'other' }),
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .spec.replicas',
    );
  });

  it('lets kubectl own the annotation by its second patch', () => {
    const next = apply(live, rc({ replicas: 2, minReadySeconds: 1 }), { manager: 'kubectl' });
    const { annotations } = next.metadata as { annotations: JsonObject };
    const metadataOnly = { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'web', annotations } };
    const owned = apply(next, metadataOnly, { manager: 'kubectl-last-applied' });
    assert.ok(managersOf(owned)['kubectl-last-applied/Apply']);
    assert.equal(apply(owned, metadataOnly, { manager: 'kubectl-last-applied', time: LATER }), owned);
  });
});

describe('what cannot be applied', () => {
  const problem = (applied: JsonObject): string | undefined =>
    problemOfApplied(applied, 'ReplicationController', 'v1', 'ReplicationController');
  const typed = (text: string): string =>
    `failed to create typed patch object (/web; /v1, Kind=ReplicationController): ${text}`;

  it('is told in the words of structured-merge-diff', () => {
    assert.equal(problem(rc({ replicas: 1 })), undefined);
    assert.equal(problem(rc({}, { managedFields: [] })), 'metadata.managedFields must be nil');
    assert.equal(
      problem({ ...rc({}), apiVersion: 'v2' }),
      'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
    );
    const bad: [Json, string][] = [
      [{ replica: 1 }, '.spec.replica: field not declared in schema'],
      [{ replicas: '1' }, '.spec.replicas: expected numeric (int or float), got "1"'],
      [{ selector: [] }, '.spec.selector: expected map, got list'],
      [{ template: { spec: { containers: {} } } }, '.spec.template.spec.containers: expected list, got map'],
      [
        { template: template({ image: 'i' }) },
        '.spec.template.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
      ],
      [
        { template: template({ name: 'a', ports: [{ containerPort: 1 }, { containerPort: 1, protocol: 'TCP' }] }) },
        '.spec.template.spec.containers[name="a"].ports: duplicate entries for key [containerPort=1,protocol="TCP"]',
      ],
    ];
    for (const [spec, text] of bad) assert.equal(problem(rc(spec as JsonObject)), typed(text));
  });

  it('is told all at once', () => {
    assert.equal(
      problem(rc({ a: 1, b: 2 })),
      typed('errors:\n  .spec.a: field not declared in schema\n  .spec.b: field not declared in schema'),
    );
  });
});
