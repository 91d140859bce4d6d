import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';

const CORE = '/api/v1/namespaces/default/events';
const NEW = '/apis/events.k8s.io/v1/namespaces/default/events';

const EVENT = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'web.1' },
  eventTime: '2026-01-02T03:04:05.000000Z',
  type: 'Normal',
  reason: 'Pulled',
  action: 'Pulling',
  note: 'the image is there',
  reportingController: 'example.com/agent',
  reportingInstance: 'agent-1',
  regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web' },
};

describe('events.k8s.io', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  it('shows what the core group has, in its own words, and the other way round', async () => {
    const created = await bed.send('POST', NEW, EVENT);
    assert.equal(created.status, 201, created.text);
    assert.equal(created.json().note, EVENT.note);
    const core = (await bed.get(`${CORE}/web.1`)).json();
    assert.equal(core.apiVersion, 'v1');
    assert.equal(core.message, EVENT.note);
    assert.deepEqual(core.involvedObject, EVENT.regarding);
    assert.equal(core.note, undefined);
    const [listed] = (await bed.get(NEW)).json().items;
    assert.deepEqual(listed.regarding, EVENT.regarding);
  });

  it('selects by its own names of fields', async () => {
    await bed.send('POST', NEW, EVENT);
    const found = async (selector: string) =>
      (await bed.get(`${NEW}?fieldSelector=${encodeURIComponent(selector)}`)).json().items.length;
    assert.equal(await found('regarding.name=web'), 1);
    assert.equal(await found('regarding.name=other'), 0);
    const refused = await bed.get(`${NEW}?fieldSelector=nonsense=1`);
    assert.match(refused.json().message, /field label not supported: nonsense/);
  });

  it('is patched in its own words', async () => {
    await bed.send('POST', NEW, EVENT);
    const series = { count: 2, lastObservedTime: '2026-01-02T03:05:05.000000Z' };
    const patched = await bed.send('PATCH', `${NEW}/web.1`, { series }, 'application/merge-patch+json');
    assert.equal(patched.status, 200, patched.text);
    assert.deepEqual(patched.json().series, series);
    assert.equal(patched.json().regarding.name, 'web');
  });

  it('demands what events of this group have', async () => {
    const { eventTime: _, ...timeless } = EVENT;
    const refused = await bed.send('POST', NEW, timeless);
    assert.equal(refused.status, 422, refused.text);
    assert.match(refused.json().message, /^Event\.events\.k8s\.io "web\.1" is invalid: .*eventTime: Required value/);
    await bed.send('POST', NEW, EVENT);
    const changed = await bed.send('PATCH', `${NEW}/web.1`, { note: 'other' }, 'application/merge-patch+json');
    assert.equal(changed.status, 422, changed.text);
    assert.match(changed.json().message, /message: Invalid value: "other": field is immutable$/);
  });

  it("refuses the core group's names, and another group-version", async () => {
    const { note, ...rest } = EVENT;
    const wrong = await bed.send('POST', `${NEW}?fieldValidation=Strict`, { ...rest, message: note });
    assert.match(wrong.json().message, /unknown field "message"/);
    const other = await bed.send('POST', NEW, { ...EVENT, apiVersion: 'v1' });
    assert.equal(other.status, 400);
  });
});
