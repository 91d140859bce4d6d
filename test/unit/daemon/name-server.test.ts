import assert from 'node:assert/strict';
import { nameServersOfPods } from '../../../daemon/name-server.ts';

const dns = { clusterDomain: 'cluster.local', clusterDns: '10.96.0.10', isTold: false, resolvConf: '/etc/resolv.conf' };
const ROOT = 0;

describe('the name servers of pods', () => {
  it("are the cluster's where its Services' addresses are routed", () => {
    assert.deepEqual(nameServersOfPods({ dns, proxyMode: 'nftables' }, ROOT), ['10.96.0.10']);
    assert.deepEqual(nameServersOfPods({ dns, proxyMode: 'userspace' }, ROOT), ['10.96.0.10']);
  });

  it("are the node's own where they are not, unless somebody says otherwise", () => {
    const told = { ...dns, isTold: true };
    for (const [proxyMode, uid] of [
      ['none', ROOT],
      ['userspace', 1000],
    ] as const) {
      assert.deepEqual(nameServersOfPods({ dns, proxyMode }, uid), []);
      assert.deepEqual(nameServersOfPods({ dns: told, proxyMode }, uid), ['10.96.0.10']);
    }
  });
});
