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
});
