import assert from 'node:assert/strict';
import { type ApplyPatch, applyApplyPatch } from '../../../../daemon/apiserver/patch/apply-patch.ts';
import { checkPatchOptions, fieldManagerOf } from '../../../../daemon/apiserver/patch/field-manager.ts';
import { statusOf } from '../../../../daemon/apiserver/status.ts';
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
  it('need a field manager to apply, and know force only there', () => {
    checkPatchOptions(APPLY, new URLSearchParams('fieldManager=kubectl&force=true'));
    checkPatchOptions('application/merge-patch+json', new URLSearchParams());
    const missing = statusFor(() => checkPatchOptions(APPLY, new URLSearchParams()));
    assert.deepEqual(
      [missing.code, missing.message],
      [422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'],
    );
    const forced = statusFor(() => checkPatchOptions('application/json-patch+json', new URLSearchParams('force=true')));
    assert.match(forced.message ?? '', /force: Forbidden: may not be specified for non-apply patch/);
  });

  it('hold a manager of at most 128 printable characters', () => {
    const long = new URLSearchParams({ fieldManager: 'x'.repeat(129) });
    assert.match(statusFor(() => checkPatchOptions(APPLY, long)).message ?? '', /Too long: may not be more than 128/);
    const bell = new URLSearchParams({ fieldManager: 'a\u0007' });
    assert.match(
      statusFor(() => checkPatchOptions(APPLY, bell)).message ?? '',
      /invalid character U\+0007 \(at position 1\)/,
    );
  });
});

describe('the manager of a write', () => {
  it('is fieldManager, or what the user agent begins with', () => {
    assert.equal(fieldManagerOf(new URLSearchParams('fieldManager=me'), 'kubectl/v1.33'), 'me');
    assert.equal(fieldManagerOf(new URLSearchParams(), 'kubectl/v1.33 (linux/amd64)'), 'kubectl');
    assert.equal(fieldManagerOf(new URLSearchParams(), undefined), '');
    assert.equal(fieldManagerOf(new URLSearchParams(), `${'x'.repeat(200)}\u0007/1`).length, 128);
  });
});
