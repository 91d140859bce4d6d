import assert from 'node:assert/strict';
import {
  commandLocation,
  connectLocation,
  logLocation,
  portForwardLocation,
} from '../../../../daemon/apiserver/nodes/location.ts';
import { parseNodeRequest } from '../../../../daemon/node-server/node-request.ts';

const WEB = { namespace: 'default', name: 'web' };

describe("a question's place on a node", () => {
  it("is the kubelet's path, with the kubelet's parameters", () => {
    const logs = new URLSearchParams('container=app&follow=true&tailLines=3');
    assert.equal(logLocation(WEB, 'app', logs), '/containerLogs/default/web/app?follow=true&tailLines=3');
    const exec = new URLSearchParams(
      'container=app&stdin=true&stdout=1&stderr=false&command=sh&command=-c&command=a+b',
    );
    assert.equal(
      commandLocation('exec', WEB, 'app', exec),
      '/exec/default/web/app?input=1&output=1&command=sh&command=-c&command=a+b',
    );
    const attach = new URLSearchParams('stdout=true&stderr=true&tty=true&command=ls');
    assert.equal(commandLocation('attach', WEB, 'app', attach), '/attach/default/web/app?output=1&error=1&tty=1');
    const ports = new URLSearchParams('ports=80&ports=81,82');
    assert.equal(portForwardLocation(WEB, ports), '/portForward/default/web?port=80&port=81%2C82');
    assert.equal(portForwardLocation(WEB, new URLSearchParams()), '/portForward/default/web');
    assert.equal(connectLocation(WEB, 80), '/connect/default/web/80');
  });

  it('is read there as it was meant', () => {
    const query = new URLSearchParams('command=a%26b&stdin=1');
    const parsed = parseNodeRequest(commandLocation('exec', WEB, 'app', query));
    assert.ok(parsed?.action === 'exec');
    assert.deepEqual([parsed.pod, parsed.container, parsed.query.get('command')], [WEB, 'app', 'a&b']);
    assert.deepEqual(parseNodeRequest('/connect/default/web/80'), { action: 'connect', pod: WEB, port: 80 });
    assert.deepEqual(parseNodeRequest('/stats/summary?only_cpu_and_memory=true'), { action: 'summary' });
    assert.deepEqual(parseNodeRequest('/pods/'), { action: 'pods' });
  });

  it('is nowhere where a kubelet has nothing, or more is said than is asked', () => {
    for (const path of [
      '/',
      '/metrics',
      '/exec/default/web',
      '/exec/default/web/app/more',
      '/portForward/default/web/80',
      '/connect/default/web/99999',
      '/connect/default/web/http',
      '/containerLogs/default/%zz/app',
    ]) {
      assert.equal(parseNodeRequest(path), undefined, path);
    }
  });
});
