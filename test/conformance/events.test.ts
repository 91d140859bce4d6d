/** Kubernetes' conformance for events of the core group. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { wholeLife } from './whole-life.ts';

const CORE = '/api/v1/namespaces/default/events';
const ABOUT = { kind: 'Pod', name: 'web', namespace: 'default', apiVersion: 'v1' };
const AT = '2026-01-02T03:04:05.678901Z';

describe('conformance: events', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  conforms('11.1', async () => {
    await wholeLife(bed, {
      path: CORE,
      everywhere: '/api/v1/events',
      body: {
        involvedObject: ABOUT,
        reason: 'Started',
        message: 'first',
        type: 'Normal',
        source: { component: 'test' },
      },
      patch: { message: 'second' },
      patched: ({ message }) => assert.equal(message, 'second'),
      update: (event) => Object.assign(event, { series: { count: 100, lastObservedTime: AT } }),
      updated: ({ series }) => assert.deepEqual(series, { count: 100, lastObservedTime: AT }),
    });
  });
<<<<<<< HEAD

  conforms('11.2', async () => {
    const reporter = { reportingController: 'test.example.com/checker', reportingInstance: 'checker-1' };
    await wholeLife(bed, {
      path: NEW_STYLE,
      everywhere: '/apis/events.k8s.io/v1/events',
      body: {
        regarding: ABOUT,
        eventTime: AT,
        action: 'Check',
        reason: 'Checked',
        note: 'first',
        type: 'Normal',
        ...reporter,
      },
      patch: { series: { count: 2, lastObservedTime: AT } },
      patched: ({ series }) => assert.equal(series.count, 2),
      update: (event) => Object.assign(event, { series: { count: 100, lastObservedTime: AT } }),
      updated: ({ series }) => assert.equal(series.count, 100),
    });
    const created = {
      metadata: { name: 'both' },
      regarding: ABOUT,
      eventTime: AT,
      action: 'Check',
      reason: 'Checked',
      note: 'first',
      type: 'Normal',
      ...reporter,
    };
    assert.equal((await bed.send('POST', NEW_STYLE, created)).status, 201);
    const [core, other] = [await read(bed, `${CORE}/both`), await read(bed, `${NEW_STYLE}/both`)];
    assert.equal(core.metadata.uid, other.metadata.uid);
    assert.deepEqual([core.message, core.involvedObject], [other.note, other.regarding]);
  });
=======
>>>>>>> clients
});
