/** What of a Service has no effect, told beside the answer. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';

const SERVICES = '/api/v1/namespaces/default/services';

describe('a Service that asks for what has no effect', () => {
  let bed: HttpBed;
  before(async () => {
    bed = await startHttpBed();
  });
  after(() => bed.close());

  const warningsOf = async (name: string, spec: object) => {
    const body = { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
    const answer = await bed.send('POST', SERVICES, body);
    assert.equal(answer.status, 201, answer.text);
    return String(answer.headers.warning ?? '').replaceAll('\\', '');
  };

  it('is taken with a warning that names it', async () => {
    const headless = { clusterIP: 'None', sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.1'] };
    const warned = await warningsOf('headless', headless);
    assert.match(warned, /spec\.externalIPs is ignored when spec\.clusterIP is "None"/);
    assert.match(warned, /spec\.SessionAffinity is ignored when spec\.clusterIP is "None"/);
    assert.match(
      await warningsOf('named', { externalName: 'example.com' }),
      /spec\.externalName is ignored when spec\.type is not "ExternalName"/,
    );
    assert.match(
      await warningsOf('balanced', { type: 'LoadBalancer', loadBalancerIP: '192.0.2.1' }),
      /spec\.loadBalancerIP is left to whoever runs a load balancer/,
    );
  });

  it('is silent where everything has an effect', async () => {
    assert.equal(await warningsOf('plain', { sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.1'] }), '');
  });
});
