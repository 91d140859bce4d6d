import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../../reconcilers/objects/json.ts';
import { trackUpdate, type Writer } from '../../../../reconcilers/objects/managed-fields/track-update.ts';

const FIRST = '2026-01-02T03:04:05Z';
const LATER = '2026-01-02T04:00:00Z';

function service(spec: JsonObject, more: JsonObject = {}, managedFields?: Json[]): JsonObject {
  const metadata = { name: 'web', uid: 'u1', ...more, ...(managedFields && { managedFields }) };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec };
}

function by(manager: string, time = FIRST, subresource?: string): Writer {
  return { manager, apiVersion: 'v1', time, ...(subresource !== undefined && { subresource }) };
}

function track(
  before: JsonObject | undefined,
  after: JsonObject,
  writer: Writer,
  type = 'Service',
): Json[] | undefined {
  return trackUpdate({ type, hasStatus: true, before, after }, writer);
}

/** manager → its fieldsV1. */
function fieldsBy(managedFields: Json[] | undefined): Record<string, Json | undefined> {
  const entries = (managedFields ?? []) as { manager: string; fieldsV1: Json }[];
  return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}

describe('tracking a write', () => {
  it('gives a created object to who created it, but not what the server sets or what is status', () => {
    const created = service({ type: 'ClusterIP', selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP' }] });
    const managedFields = track(undefined, { ...created, status: { loadBalancer: {} } }, by('kubectl-create'));
    assert.deepEqual(managedFields, [
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'v1',
        time: FIRST,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:ports': {
              '.': {},
              'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
            },
            'f:selector': {},
            'f:type': {},
          },
        },
      },
    ]);
  });

  it('takes a port without a protocol for TCP', () => {
    const managedFields = track(undefined, service({ ports: [{ port: 80 }] }), by('a'));
    assert.match(JSON.stringify(managedFields), /k:\{\\"port\\":80,\\"protocol\\":\\"TCP\\"\}/);
  });

  it('moves a changed field to who changed it, and its time with it', () => {
    const before = service({ type: 'ClusterIP', sessionAffinity: 'None' });
    const tracked = service({ type: 'ClusterIP', sessionAffinity: 'None' }, {}, track(undefined, before, by('a')));
    const after = track(tracked, service({ type: 'NodePort', sessionAffinity: 'None' }), by('b', LATER));
    assert.deepEqual(fieldsBy(after), {
      a: { 'f:spec': { 'f:sessionAffinity': {} } },
      b: { 'f:spec': { 'f:type': {} } },
    });
    assert.deepEqual(
      after?.map((entry) => (entry as JsonObject).time),
      [FIRST, LATER],
    );
  });

  it('gathers the writes of one manager, through the object and through a subresource apart', () => {
    let live = service({ type: 'ClusterIP' });
    live = service({ type: 'ClusterIP' }, {}, track(undefined, live, by('a')));
    const labelled = { labels: { x: '1' } };
    live = service(
      { type: 'ClusterIP' },
      labelled,
      track(live, service({ type: 'ClusterIP' }, labelled), by('a', LATER)),
    );
    const withStatus = { ...live, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } };
    const entries = track(live, withStatus, by('a', LATER, 'status')) as JsonObject[];
    assert.deepEqual(
      entries.map(({ subresource, fieldsV1 }) => [subresource, fieldsV1]),
      [
        [undefined, { 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } }, 'f:spec': { 'f:type': {} } }],
        ['status', { 'f:status': { '.': {}, 'f:loadBalancer': { '.': {}, 'f:ingress': {} } } }],
      ],
    );
  });

  it('answers the very list it found where nothing changed', () => {
    const managedFields = track(undefined, service({ type: 'ClusterIP' }), by('a'));
    const live = service({ type: 'ClusterIP' }, {}, managedFields);
    assert.equal(track(live, service({ type: 'ClusterIP' }, { resourceVersion: '9' }), by('b', LATER)), managedFields);
  });

  it('drops managers whose last field is gone', () => {
    const live = service({ type: 'ClusterIP' }, {}, track(undefined, service({ type: 'ClusterIP' }), by('a')));
    assert.deepEqual(Object.keys(fieldsBy(track(live, service({ type: 'NodePort' }), by('b')))), ['b']);
  });

  it('leaves objects alone that were never tracked, and those whose tracking a client ended', () => {
    assert.equal(track(service({ type: 'ClusterIP' }), service({ type: 'NodePort' }), by('a')), undefined);
    const live = service({ type: 'ClusterIP' }, {}, track(undefined, service({ type: 'ClusterIP' }), by('a')));
    for (const reset of [[], [{}]]) {
      assert.equal(track(live, service({ type: 'ClusterIP' }, {}, reset as Json[]), by('b')), undefined);
    }
  });

  it('believes the managedFields a client sends, unless they are garbage or come by a subresource', () => {
    const own = track(undefined, service({ type: 'ClusterIP' }), by('a'));
    const live = service({ type: 'ClusterIP' }, {}, own);
    const moved = JSON.parse(JSON.stringify(own).replace('"a"', '"z"')) as Json[];
    assert.deepEqual(track(live, service({ type: 'ClusterIP' }, {}, moved), by('b')), moved);
    assert.deepEqual(track(live, service({ type: 'ClusterIP' }, {}, moved), by('b', LATER, 'status')), own);
    for (const garbage of [[{ manager: 'x' }], ['x'], [{ ...(moved[0] as JsonObject), fieldsV1: { spec: {} } }]]) {
      assert.deepEqual(track(live, service({ type: 'ClusterIP' }, {}, garbage as Json[]), by('b')), own);
    }
  });

  it('folds the oldest of more than ten updaters into one', () => {
    let live = service({}, { labels: {} });
    live = service({}, { labels: {} }, track(undefined, live, by('creator', FIRST)));
    for (let i = 0; i < 15; i++) {
      const labels = { ...(live.metadata as { labels: Record<string, string> }).labels, [`l${i}`]: 'x' };
      const time = `2026-01-02T05:00:${String(i).padStart(2, '0')}Z`;
      live = service({}, { labels }, track(live, service({}, { labels }), by(`m${i}`, time)));
    }
    const entries = (live.metadata as JsonObject).managedFields as JsonObject[];
    assert.equal(entries.length, 10);
    const ancient = entries.find(({ manager }) => manager === 'ancient-changes') ?? {};
    assert.equal(ancient.time, '2026-01-02T05:00:05Z');
    assert.deepEqual(
      Object.keys((ancient.fieldsV1 as { 'f:metadata': { 'f:labels': object } })['f:metadata']['f:labels']),
      ['.', ...Array.from({ length: 6 }, (_, i) => `f:l${i}`)],
    );
  });

  it('counts addresses that share their type as one value', () => {
    const node = (addresses: Json[]): JsonObject => ({ metadata: { name: 'n', uid: 'u' }, status: { addresses } });
    const one = { type: 'InternalIP', address: '10.0.0.1' };
    const two = { type: 'InternalIP', address: 'fd00::1' };
    const created = track(undefined, node([one]), by('kubelet', FIRST, 'status'), 'Node');
    const live = { ...node([one]), metadata: { name: 'n', uid: 'u', managedFields: created ?? [] } };
    const doubled = track(live, node([one, two]), by('other', LATER, 'status'), 'Node');
    assert.deepEqual(fieldsBy(doubled).other, { 'f:status': { 'f:addresses': { 'k:{"type":"InternalIP"}': {} } } });
  });
});
