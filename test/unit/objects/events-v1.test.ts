import assert from 'node:assert/strict';
import type { Event } from '../../../reconcilers/objects/cluster.ts';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { coreEventOf, coreFieldOf, eventsV1Of } from '../../../reconcilers/objects/events-v1.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import { KINDS } from '../../../reconcilers/objects/kinds.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import { validateObject } from '../../../reconcilers/objects/validation.ts';
import { validateNewStyleEvent, validateNewStyleEventUpdate } from '../../../reconcilers/objects/validation-event.ts';
import { createTestCluster } from '../../fakes/test-cluster.ts';

const REGARDING = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid: 'u1' };
const NEW_STYLE: JsonObject = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'default' },
  eventTime: '2026-01-02T03:04:05.123456Z',
  series: { count: 3, lastObservedTime: '2026-01-02T03:04:15.000000Z' },
  reportingController: 'example.com/controller',
  reportingInstance: 'controller-x7k2p',
  action: 'Binding',
  reason: 'Scheduled',
  regarding: REGARDING,
  related: { kind: 'Node', name: 'n1' },
  note: 'it fits',
  type: 'Normal',
};

/** NEW_STYLE with changes, as a core Event; undefined takes a member away. */
function core(changes: JsonObject = {}): JsonObject {
  return JSON.parse(JSON.stringify(coreEventOf({ ...NEW_STYLE, ...changes }).object)) as JsonObject;
}

function problems(event: JsonObject): string[] {
  return validateObject('Event', applyDefaults('Event', event)).map(String);
}

describe('events.k8s.io/v1', () => {
  it('is the core Event by other names, and back', () => {
    const { object, unknownFields } = coreEventOf(NEW_STYLE);
    assert.deepEqual(unknownFields, []);
    const { regarding, note, reportingController, apiVersion: _, ...same } = NEW_STYLE;
    assert.deepEqual(object, {
      ...same,
      apiVersion: 'v1',
      involvedObject: regarding,
      message: note,
      reportingComponent: reportingController,
    });
    assert.deepEqual(eventsV1Of(applyDefaults('Event', object)), NEW_STYLE);
  });

  it('shows what the old style had as deprecated', () => {
    const old = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'default' },
      involvedObject: REGARDING,
      reason: 'Started',
      message: 'it runs',
      type: 'Normal',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:05:05Z',
      count: 2,
      reportingComponent: 'kubelet',
      reportingInstance: 'n1',
    };
    const shown = eventsV1Of(old as unknown as Event);
    assert.deepEqual(shown, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: old.metadata,
      regarding: REGARDING,
      reason: 'Started',
      note: 'it runs',
      type: 'Normal',
      deprecatedSource: old.source,
      deprecatedFirstTimestamp: old.firstTimestamp,
      deprecatedLastTimestamp: old.lastTimestamp,
      deprecatedCount: 2,
      reportingController: 'kubelet',
      reportingInstance: 'n1',
    });
    assert.deepEqual(coreEventOf(shown as unknown as JsonObject).object, old);
  });

  it('does not know the names that only core has', () => {
    const { object, unknownFields } = coreEventOf({ ...NEW_STYLE, message: 'x', involvedObject: {}, count: 2 });
    assert.deepEqual(unknownFields, ['message', 'involvedObject', 'count']);
    assert.equal(object.message, 'it fits');
    assert.equal(object.count, undefined);
  });

  it('is selected by its own names', () => {
    assert.equal(coreFieldOf('regarding.kind'), 'involvedObject.kind');
    assert.equal(coreFieldOf('reportingController'), 'reportingComponent');
    assert.equal(coreFieldOf('reason'), 'reason');
    assert.ok(KINDS.Event.selectableFields.includes(coreFieldOf('regarding.uid')));
  });

  it('is stored as it is, with neither a count nor old times', async () => {
    const { registry } = await createTestCluster();
    const stored = await registry.create('Event', core() as unknown as Draft<Event>);
    assert.equal(stored.count, undefined);
    const { metadata: _, ...shown } = eventsV1Of(stored);
    const { metadata: __, ...given } = NEW_STYLE;
    assert.deepEqual(shown, given);
  });

  it('must say who reports what', () => {
    assert.deepEqual(problems(core()), []);
    const name = 'a'.repeat(129);
    assert.deepEqual(problems(core({ reportingController: undefined, reportingInstance: name, action: undefined })), [
      'reportingController: Required value',
      'reportingController: Invalid value: "": name part must be non-empty',
      "reportingController: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'reportingInstance: Invalid value: "": can have at most 128 characters',
      'action: Required value',
    ]);
    assert.deepEqual(problems(core({ note: 'x'.repeat(1025), reason: undefined })), [
      'reason: Required value',
      'message: Invalid value: "": can have at most 1024 characters',
    ]);
  });

  it('about what has no namespace lies in default or kube-system', () => {
    const regarding = { kind: 'Node', name: 'n1' };
    const inNamespace = (namespace: string) => core({ regarding, metadata: { name: 'n1.1', namespace } });
    assert.deepEqual(problems(inNamespace('kube-system')), []);
    assert.deepEqual(problems(inNamespace('default')), []);
    assert.deepEqual(problems(inNamespace('shop')), [
      'involvedObject.namespace: Invalid value: "": does not match event.namespace',
    ]);
  });

  it('is created with a time and a type, and without what is deprecated', () => {
    const errors = (changes: JsonObject) => validateNewStyleEvent(core(changes)).map(String);
    assert.deepEqual(errors({}), []);
    assert.deepEqual(errors({ eventTime: undefined, type: 'Bad', series: { count: 1 } }), [
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
      'eventTime: Required value',
      'type: Invalid value: "": has invalid value: Bad',
    ]);
    assert.deepEqual(errors({ deprecatedCount: 1, deprecatedSource: { host: 'n1' }, deprecatedFirstTimestamp: 'x' }), [
      'firstTimestamp: Invalid value: "": needs to be unset',
      'count: Invalid value: "": needs to be unset',
      'source: Invalid value: "": needs to be unset',
    ]);
  });

  it('changes in its series only', () => {
    const errors = (changes: JsonObject) => validateNewStyleEventUpdate(core(changes), core()).map(String);
    assert.deepEqual(errors({ series: { count: 4, lastObservedTime: '2026-01-02T03:05:00.000000Z' } }), []);
    assert.deepEqual(errors({ note: 'it does not', reportingController: 'other' }), [
      'message: Invalid value: "it does not": field is immutable',
      'reportingController: Invalid value: "other": field is immutable',
    ]);
    assert.deepEqual(errors({ series: { count: 1, lastObservedTime: '2026-01-02T03:05:00.000000Z' } }), [
      'series.count: Invalid value: "": should be at least 2',
    ]);
  });

  it('shows its series in the table', () => {
    const event = applyDefaults('Event', core());
    const now = Date.parse('2026-01-02T03:04:25Z');
    const cells = Object.fromEntries(KINDS.Event.columns.map(({ name, cell }) => [name, cell(event, now)]));
    assert.equal(cells['Last Seen'], '10s');
    assert.equal(cells['First Seen'], '19s');
    assert.equal(cells.Count, 3);
    assert.equal(cells.Source, 'example.com/controller, controller-x7k2p');
  });
});
