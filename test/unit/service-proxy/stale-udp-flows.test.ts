/** Which UDP flows are forgotten: the lines are as conntrack 1.4 prints them. */
import assert from 'node:assert/strict';
import {
  parseFlows,
  staleAfter,
  staleFlows,
} from '../../../daemon/adapters/kernel-network/nftables/stale-udp-flows.ts';
import type { RoutingTable, ServiceRoute } from '../../../reconcilers/ports/packet-filter.ts';

const table: RoutingTable = {
  serviceCidr: '10.96.0.0/16',
  podCidr: '10.244.0.0/24',
  clusterCidr: '10.244.0.0/16',
  routes: [
    {
      name: 'default/dns',
      protocol: 'UDP',
      clusterIP: '10.96.0.13',
      port: 53,
      nodePort: 30053,
      endpoints: [{ ip: '10.244.0.3', port: 5353 }],
    },
  ],
};
const line = (destination: string, port: number, endpoint: string, endpointPort = 5353) =>
  `udp      17 27 src=10.244.0.9 dst=${destination} sport=4242 dport=${port} src=${endpoint} dst=10.244.0.9 sport=${endpointPort} dport=4242 [ASSURED] mark=0 use=1`;

function staleEndpoints(...lines: string[]): string[] {
  return staleFlows(table, parseFlows(lines.join('\n'))).map(
    ({ endpoint, endpointPort }) => `${endpoint}:${endpointPort}`,
  );
}

describe('stale UDP flows', () => {
  it('are those to an endpoint the Service does not have, by cluster address or node port', () => {
    assert.deepEqual(staleEndpoints(line('10.96.0.13', 53, '10.244.0.2'), line('192.0.2.2', 30053, '10.244.0.4')), [
      '10.244.0.2:5353',
      '10.244.0.4:5353',
    ]);
  });

  it('are also those to another port of a current endpoint', () => {
    assert.deepEqual(staleEndpoints(line('10.96.0.13', 53, '10.244.0.3', 53)), ['10.244.0.3:53']);
  });

  it('are not those to a current endpoint, nor what is no Service', () => {
    assert.deepEqual(
      staleEndpoints(line('10.96.0.13', 53, '10.244.0.3'), line('172.17.0.1', 9000, '172.17.0.5'), ''),
      [],
    );
  });

  it('count once per endpoint, however many clients', () => {
    const text = line('10.96.0.13', 53, '10.244.0.2');
    assert.equal(parseFlows([text, text.replaceAll('4242', '4243')].join('\n')).length, 1);
  });

  it('are also those that were never translated, as they began before the Service was there', () => {
    const own =
      'udp 17 29 src=192.0.2.1 dst=192.0.2.2 sport=4242 dport=30053 [UNREPLIED] src=192.0.2.2 dst=192.0.2.1 sport=30053 dport=4242';
    assert.deepEqual(staleEndpoints(own), ['192.0.2.2:30053']);
  });

  describe('are looked for', () => {
    const [dns] = table.routes as [ServiceRoute];
    const other = { ip: '10.244.0.4', port: 5353 };
    const lookedAt = (before: readonly ServiceRoute[], now: readonly ServiceRoute[]) =>
      staleAfter({ ...table, routes: before }, { ...table, routes: now });

    it('among all flows where a Service has its first endpoint, or nothing is known of before', () => {
      assert.equal(lookedAt([{ ...dns, endpoints: [] }], [dns]), 'all');
      assert.equal(lookedAt([], [dns]), 'all');
      assert.equal(staleAfter(undefined, table), 'all');
    });

    it('among those that were translated where an endpoint goes', () => {
      assert.equal(lookedAt([{ ...dns, endpoints: [...dns.endpoints, other] }], [dns]), 'translated');
      assert.equal(lookedAt([dns], []), 'translated');
    });

    it('not at all where none goes, nor for TCP', () => {
      assert.equal(lookedAt([dns], [{ ...dns, endpoints: [...dns.endpoints, other] }]), undefined);
      assert.equal(lookedAt([{ ...dns, protocol: 'TCP' }], []), undefined);
      assert.equal(staleAfter(undefined, { ...table, routes: [] }), undefined);
    });
  });
});
