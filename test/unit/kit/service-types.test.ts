/** Services that change their type, through the registry: which addresses they keep, give up, and are given anew. */
import assert from 'node:assert/strict';
import type { Service } from '../../../reconcilers/objects/service.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { draftService } from '../../fakes/objects.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const KEY = { namespace: 'default', name: 'web' };
const PORTS: Service['spec']['ports'] = [
  { name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 },
  { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
  { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 },
];

describe('Services that change', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  const create = (spec: Partial<Service['spec']>) =>
    cluster.registry.create('Service', draftService('web', { ports: PORTS, ...spec }));
  const change = (spec: Partial<Record<keyof Service['spec'], unknown>>) =>
    cluster.registry.modify('Service', KEY, (current) => ({
      ...current,
      spec: JSON.parse(JSON.stringify({ ...current.spec, ...spec })) as Service['spec'],
    }));
  const nodePorts = ({ spec }: Service) => spec.ports.map(({ nodePort }) => nodePort);
  const claims = async () => (await cluster.store.list('/registry/ranges/')).values.map(({ key }) => key).sort();
  const refused = (message: RegExp) => (error: unknown) => {
    assert.ok(isSampanError(error, 'Invalid'), String(error));
    assert.match(error.message, message);
    return true;
  };

  it('are shown with what Kubernetes fills in', async () => {
    const { spec, status } = await create({ sessionAffinity: 'ClientIP', type: 'LoadBalancer' });
    const { clusterIP } = spec;
    assert.deepEqual(
      { ...spec, ports: [] },
      {
        ports: [],
        type: 'LoadBalancer',
        clusterIP,
        clusterIPs: [clusterIP],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        selector: { app: 'web' },
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
        internalTrafficPolicy: 'Cluster',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
      },
    );
    assert.deepEqual(status, { loadBalancer: {} });
  });

  it('get one node port for TCP and UDP of the same port', async () => {
    const [http, tcp, udp] = nodePorts(await create({ type: 'NodePort' }));
    assert.equal(tcp, udp);
    assert.notEqual(tcp, http);
  });

  it('keep the cluster IP, and node ports where the new type has some', async () => {
    const first = await create({ type: 'ClusterIP' });
    const second = await change({ type: 'NodePort' });
    const third = await change({ type: 'LoadBalancer', ports: PORTS });
    assert.deepEqual(nodePorts(third), nodePorts(second));
    const last = await change({ type: 'ClusterIP' });
    assert.deepEqual(nodePorts(last), [undefined, undefined, undefined]);
    assert.equal(new Set([first, second, third, last].map(({ spec }) => spec.clusterIP)).size, 1);
    assert.deepEqual(await claims(), [`/registry/ranges/serviceips/${first.spec.clusterIP}`]);
    const { externalTrafficPolicy, allocateLoadBalancerNodePorts } = last.spec;
    assert.deepEqual([externalTrafficPolicy, allocateLoadBalancerNodePorts], [undefined, undefined]);
  });

  it('give everything up as an ExternalName, and are given an address anew', async () => {
    await create({ type: 'NodePort' });
    const external = await change({ type: 'ExternalName', externalName: 'example.com' });
    assert.deepEqual(await claims(), []);
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = external.spec;
    assert.deepEqual([clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy], ['', undefined, undefined, undefined]);
    const back = await change({ type: 'ClusterIP' });
    assert.deepEqual(await claims(), [`/registry/ranges/serviceips/${back.spec.clusterIP}`]);
    assert.deepEqual(back.spec.ipFamilies, ['IPv4']);
  });

  it('may be emptied of their address by a client that says so itself', async () => {
    await create({});
    const external = await change({ type: 'ExternalName', externalName: 'example.com', clusterIP: '' });
    assert.equal(external.spec.clusterIPs, undefined);
    assert.deepEqual(await claims(), []);
  });

  it('keep a node port by the name of the port, whatever its number becomes', async () => {
    const before = await create({ type: 'NodePort' });
    const ports = PORTS.map((port) => ({ ...port, port: port.port + 1000 }));
    assert.deepEqual(nodePorts(await change({ ports })), nodePorts(before));
  });

  it('have a health check port as long as a balancer asks for local endpoints', async () => {
    await create({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    const { healthCheckNodePort } = (await cluster.registry.get('Service', KEY))?.spec ?? {};
    assert.ok(healthCheckNodePort !== undefined && healthCheckNodePort >= 30_000);
    assert.ok((await claims()).includes(`/registry/ranges/servicenodeports/${healthCheckNodePort}/TCP`));
    await assert.rejects(
      change({ healthCheckNodePort: 30_001 }),
      refused(/healthCheckNodePort: Forbidden: field is immutable/),
    );
    const kept = await change({ healthCheckNodePort: undefined });
    assert.equal(kept.spec.healthCheckNodePort, healthCheckNodePort);
    const released = await change({ externalTrafficPolicy: 'Cluster' });
    assert.equal(released.spec.healthCheckNodePort, undefined);
    assert.ok(!(await claims()).includes(`/registry/ranges/servicenodeports/${healthCheckNodePort}/TCP`));
  });

  it('may forgo node ports as LoadBalancers, and keep those they ask for', async () => {
    const [http, ...others] = PORTS;
    const ports = [{ ...(http as (typeof PORTS)[number]), nodePort: 30_080 }, ...others];
    const balanced = await create({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports });
    assert.deepEqual(nodePorts(balanced), [30_080, undefined, undefined]);
  });

  it('do not change the cluster IP they have', async () => {
    await create({ clusterIP: '10.96.0.7' });
    await assert.rejects(
      change({ clusterIP: '10.96.0.8' }),
      refused(/spec\.clusterIPs\[0\]: Invalid value: \["10\.96\.0\.8"\]: may not change once set/),
    );
  });

  it('have the addresses of their balancer only as long as they have one', async () => {
    const service = await create({ type: 'LoadBalancer' });
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
    const balanced = await cluster.registry.updateStatus('Service', { ...service, status });
    assert.deepEqual(balanced.status.loadBalancer, { ingress: [{ ip: '192.0.2.7', ipMode: 'VIP' }] });
    assert.deepEqual((await change({ type: 'ClusterIP' })).status, { loadBalancer: {} });
    const plain = await cluster.registry.get('Service', KEY);
    await assert.rejects(
      cluster.registry.updateStatus('Service', { ...(plain as Service), status }),
      refused(/status\.loadBalancer\.ingress: Forbidden: may only be used when `spec\.type` is 'LoadBalancer'/),
    );
  });

  it('serve on where an older version stored them with less', async () => {
    const { spec, ...service } = await create({ type: 'NodePort' });
    const { internalTrafficPolicy: _i, externalTrafficPolicy: _e, ipFamilies: _f, ipFamilyPolicy: _p, ...old } = spec;
    const value = JSON.stringify({ ...service, spec: old });
    const key = '/registry/services/specs/default/web';
    await cluster.store.commit({ conditions: [], writes: [{ op: 'put', key, value }] });
    const changed = await change({ publishNotReadyAddresses: true });
    assert.deepEqual(changed.spec, { ...spec, publishNotReadyAddresses: true });
  });
});
