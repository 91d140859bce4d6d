import assert from 'node:assert/strict';
import { leadsToPod } from '../../../daemon/adapters/route-table.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';

/** As /proc/net/route has it: default by 192.0.2.1, 10.0.0.0/8, own pods, pods of 10.244.1.0/24, and none to 10.244.2.0/24. */
const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	0000000A	010200C0	0003	0	0	0	000000FF	0	0	0
sampan0	0000F40A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	0001F40A	030200C0	0003	0	0	0	00FFFFFF	0	0	0
*	0002F40A	00000000	0200	0	0	0	00FFFFFF	0	0	0
`;

describe('the way to a pod of another node', () => {
  const clusterCidr = parseIpv4Range('10.244.0.0/16');
  const leads = (address: string, podCIDR: string | undefined = '10.244.0.0/24', routes = ROUTES) =>
    leadsToPod(routes, address, { clusterCidr, podCIDR });

  it('is a route into the pod network', () => {
    assert.equal(leads('10.244.1.7'), true);
    const whole = ROUTES.replace(/^eth0\t0001.*$/m, 'flannel\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0');
    assert.equal(leads('10.244.7.7', '10.244.0.0/24', whole), true);
  });

  it('is none that leads elsewhere too, or says that there is none', () => {
    assert.equal(leads('10.244.3.7'), false);
    assert.equal(leads('10.244.2.7'), false);
    assert.equal(leads('192.0.2.9'), false);
    assert.equal(leads('10.244.1.7', undefined, ''), false);
  });

  it('does not end at our own pods, whose addresses another node may have as well', () => {
    assert.equal(leads('10.244.0.7'), false);
    assert.equal(leads('10.244.1.7', '10.244.1.0/24'), false);
  });
});
