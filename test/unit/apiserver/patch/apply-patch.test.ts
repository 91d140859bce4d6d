import assert from 'node:assert/strict';
import { type ApplyPatch, applyApplyPatch } from '../../../../daemon/apiserver/patch/apply-patch.ts';
import { problemsOfPatchOptions } from '../../../../daemon/apiserver/patch/patch-options.ts';
import { statusOf } from '../../../../daemon/serving/status.ts';
import type { JsonObject } from '../../../../reconcilers/objects/json.ts';

const APPLY = 'application/apply-patch+yaml';
const CONFIG = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { type: 'ClusterIP' } };

function apply(live: JsonObject | undefined, applied: unknown, manager: string): JsonObject {
  const patch: ApplyPatch = {
    type: 'Service',
    kind: 'Service',
    hasStatus: true,
    live,
    applied,
    manager,
    apiVersion: 'v1',
    force: false,
    time: '2026-01-02T03:04:05Z',
  };
  return applyApplyPatch(patch);
}

function statusFor(action: () => unknown): ReturnType<typeof statusOf> {
  try {
    action();
  } catch (error) {
    return statusOf(error);
  }
  assert.fail('it was not refused');
}

describe('a server-side apply', () => {
  it('answers a conflict with its causes, which kubectl prints', () => {
    const live = apply(undefined, CONFIG, 'a');
    const status = statusFor(() => apply(live, { ...CONFIG, spec: { type: 'NodePort' } }, 'b'));
    assert.deepEqual(status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.type',
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.spec.type' }] },
      code: 409,
    });
  });

  it('refuses with 400 what is no configuration of the kind', () => {
    for (const applied of [undefined, [], { ...CONFIG, spec: { typ: 1 } }, { ...CONFIG, apiVersion: 'v2' }]) {
      assert.equal(statusFor(() => apply(undefined, applied, 'a')).code, 400);
    }
  });
});

describe('the options of a PATCH', () => {
  const problems = (type: string, query: string): string[] =>
    problemsOfPatchOptions(type, new URLSearchParams(query)).map(String);

  it('name a field manager to apply', () => {
    assert.deepEqual(problems(APPLY, 'fieldManager=kubectl&force=true'), []);
    assert.deepEqual(problems(APPLY, ''), ['fieldManager: Required value: is required for apply patch']);
  });

  it('know force for nothing but to apply', () => {
    assert.deepEqual(problems('application/merge-patch+json', ''), []);
    assert.deepEqual(problems('application/json-patch+json', 'force=true'), [
      'force: Forbidden: may not be specified for non-apply patch',
    ]);
  });
});
