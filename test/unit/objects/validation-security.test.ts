/** What is refused of security contexts; `golden/security.yaml` has every sentence once. */
import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import { containerHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import { effectiveSecurity, type SecurityContext } from '../../../reconcilers/objects/security-context.ts';
import { dottedSysctl, isSafeSysctl, sysctlNamespace } from '../../../reconcilers/objects/sysctls.ts';
import { validateNewObject } from '../../../reconcilers/objects/validation.ts';

const container = { name: 'web', image: 'web' };

describe('validation of security contexts', () => {
  it('refuses names of kernel parameters that are none, and lets the node judge the others', () => {
    const names = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..'];
    const sysctls = names.map((name) => ({ name, value: '42' }));
    const pod = applyDefaults('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'b' },
      spec: { securityContext: { sysctls }, containers: [container] },
    } as never);
    const text = validateNewObject('Pod', pod).map(String).join('\n');
    assert.match(text, /sysctls\[0\]\.name: Invalid value: "foo-"/);
    assert.match(text, /sysctls\[3\]\.name: Invalid value: "bar\.\."/);
    assert.doesNotMatch(text, /kernel\.shmmax|safe-and-unsafe/);
  });
});

describe('kernel parameters', () => {
  it('are the same with slashes, by which names may have dots', () => {
    assert.equal(dottedSysctl('net/ipv4/conf/eth0.100/forwarding'), 'net.ipv4.conf.eth0/100.forwarding');
    assert.equal(dottedSysctl('net.ipv4.conf.eth0/100.forwarding'), 'net.ipv4.conf.eth0/100.forwarding');
    assert.ok(isSafeSysctl('net/ipv4/tcp_syncookies'));
    assert.ok(!isSafeSysctl('net.core.somaxconn'));
  });

  it('belong to the IPC or the network namespace, or to the machine', () => {
    assert.equal(sysctlNamespace('kernel.msgmax'), 'ipc');
    assert.equal(sysctlNamespace('fs/mqueue/msg_max'), 'ipc');
    assert.equal(sysctlNamespace('net.core.somaxconn'), 'net');
    assert.equal(sysctlNamespace('kernel.panic'), undefined);
  });
});

describe('security contexts', () => {
  it("have the container's word over its pod's, also where it says no", () => {
    const spec = { securityContext: { runAsUser: 1000, runAsNonRoot: true, fsGroup: 1 }, containers: [] } as never;
    const own = { ...container, securityContext: { runAsUser: 0, runAsNonRoot: false } };
    assert.deepEqual(effectiveSecurity(spec, own), { runAsUser: 0, runAsNonRoot: false });
    assert.deepEqual(effectiveSecurity(spec, container), { runAsUser: 1000, runAsNonRoot: true });
  });

  it('change what a container is only where they ask for something', () => {
    const hashOf = (securityContext: SecurityContext) => containerHash({ ...container, securityContext });
    const plain = containerHash(container);
    assert.equal(hashOf({}), plain);
    assert.equal(hashOf({ privileged: false, readOnlyRootFilesystem: false }), plain);
    assert.notEqual(hashOf({ allowPrivilegeEscalation: false }), plain);
    assert.notEqual(hashOf({ runAsNonRoot: false }), plain);
    assert.notEqual(hashOf({ runAsUser: 0 }), plain);
  });
});
