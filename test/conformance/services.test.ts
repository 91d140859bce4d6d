/** Kubernetes' conformance for Services, Endpoints and EndpointSlices, as far as the API goes. How they carry traffic: test/e2e/services.test.ts. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { conforms } from './conforms.ts';
import { type Body, wholeLife, write } from './whole-life.ts';

const MERGE = 'application/merge-patch+json';
const SERVICES = '/api/v1/namespaces/default/services';
const PORTS = [{ port: 80, protocol: 'TCP' }];

describe('conformance: Service', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const make = (name: string, labels = {}, spec = {}) =>
    write(bed, 'POST', SERVICES, { metadata: { name, labels }, spec: { ports: PORTS, ...spec } });
  const namesAt = async (path: string): Promise<string[]> =>
    (await bed.get(path)).json().items.map(({ metadata }: Body) => metadata.name);

  conforms('5.2', async () => {
    await make('found');
    assert.ok((await namesAt('/api/v1/services')).includes('found'));
  });

  conforms('5.13', async () => {
    const created = await make('balanced', {}, { type: 'LoadBalancer' });
    const path = `${SERVICES}/balanced`;
    assert.deepEqual((await bed.get(`${path}/status`)).json().status, { loadBalancer: {} });
    const patch = {
      metadata: { annotations: { patched: 'yes' } },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
    };
    const patched = await write(bed, 'PATCH', `${path}/status`, patch, MERGE);
    assert.deepEqual(patched.status.loadBalancer.ingress, [{ ip: '203.0.113.1', ipMode: 'VIP' }]);
    assert.equal(patched.metadata.annotations.patched, 'yes');
    assert.deepEqual(patched.spec, created.spec);
    const condition = { type: 'Tested', status: 'True', reason: 'E2E', message: 'set by a test' };
    const replaced = await write(bed, 'PUT', `${path}/status`, {
      ...patched,
      spec: { ...patched.spec, sessionAffinity: 'ClientIP' },
      status: { ...patched.status, conditions: [condition] },
    });
    assert.deepEqual(replaced.status.conditions, [condition]);
    assert.equal(replaced.spec.sessionAffinity, 'None', 'the status alone is written');
    const labelled = await write(bed, 'PATCH', path, { metadata: { labels: { patched: 'yes' } } }, MERGE);
    assert.equal(labelled.metadata.labels.patched, 'yes');
    assert.deepEqual(labelled.status, replaced.status);
  });

  conforms('5.14', async () => {
    for (const name of ['one', 'two']) await make(name, { collection: 'first' });
    await make('three', { collection: 'second' });
    const answer = await bed.send('DELETE', `${SERVICES}?labelSelector=collection%3Dfirst`, undefined);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await namesAt(SERVICES), ['three']);
  });

  conforms('5.15', () =>
    wholeLife(bed, {
      path: '/api/v1/namespaces/default/endpoints',
      everywhere: '/api/v1/endpoints',
      body: { subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80 }] }] },
      patch: { subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] }] },
      patched: ({ subsets }) => assert.deepEqual(subsets[0].addresses, [{ ip: '10.0.0.25' }]),
      update: ({ subsets }) => subsets[0].addresses.push({ ip: '10.0.0.26' }),
      updated: ({ subsets }) => assert.deepEqual(subsets[0].addresses, [{ ip: '10.0.0.25' }, { ip: '10.0.0.26' }]),
    }),
  );

  conforms('5.22', () =>
    wholeLife(bed, {
      path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
      everywhere: '/apis/discovery.k8s.io/v1/endpointslices',
      body: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.24'] }], ports: [{ name: 'http', port: 80 }] },
      patch: { ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }] },
      patched: ({ ports }) => assert.equal(ports[0].port, 8080),
      update: ({ endpoints }) => endpoints.push({ addresses: ['10.0.0.25'], conditions: { ready: true } }),
      updated: ({ endpoints }) => assert.equal(endpoints.length, 2),
    }),
  );
});
