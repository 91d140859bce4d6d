/** What is in the files that a pod's containers get from the node: pure functions, then the kubelet over its fakes. */
import assert from 'node:assert/strict';
import { hostsFileText } from '../../../reconcilers/kubelet/pod-files/hosts-file.ts';
import { filesOf } from '../../../reconcilers/kubelet/pod-files/pod-files.ts';
import {
  type ClusterDns,
  parseResolvConf,
  podResolver,
  resolvConfText,
} from '../../../reconcilers/kubelet/pod-files/resolv-conf.ts';
import type { Pod, PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { ContainerRuntime, ContainerSpec } from '../../../reconcilers/ports/container-runtime.ts';
import { KubeletBed } from './kubelet-bed.ts';

const LOCAL =
  '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n';
const MANAGED = `# Kubernetes-managed hosts file.\n${LOCAL}`;
const CLUSTER: ClusterDns = { domain: 'cluster.local', servers: ['10.96.0.10'] };
const RESOLV_CONF = '# a comment\nnameserver 192.0.2.53\nsearch old\nsearch example.com. corp.\noptions rotate\n';
const NODE = { ...parseResolvConf(RESOLV_CONF), isDockers: true };

describe('the hosts file of a pod', () => {
  it('names the pod by its hostname, with its full name first where it has one', () => {
    assert.equal(hostsFileText({ hostname: 'web' }, '10.244.0.7'), `${MANAGED}10.244.0.7\tweb\n`);
    const full = { hostname: 'web', domain: 'sub.default.svc.cluster.local' };
    const names = '10.244.0.7\tweb.sub.default.svc.cluster.local\tweb\n';
    assert.equal(hostsFileText(full, '10.244.0.7'), `${MANAGED}${names}`);
    assert.equal(hostsFileText(full, undefined), MANAGED);
  });

  it('ends with the aliases, a line for each address', () => {
    const aliases = [{ ip: '192.0.2.1', hostnames: ['a.local', 'b.local'] }, { ip: '::7' }];
    const lines = '\n# Entries added by HostAliases.\n192.0.2.1\ta.local\tb.local\n::7\n';
    assert.equal(hostsFileText({ hostname: 'web', aliases }, undefined), `${MANAGED}${lines}`);
    const header = '# Kubernetes-managed hosts file (host network).\n';
    const onHost = hostsFileText({ hostname: 'web', aliases, ofNode: '127.0.1.1\tnode\n' }, '192.0.2.10');
    assert.equal(onHost, `${header}127.0.1.1\tnode\n${lines}`);
  });

  it('is not for containers that mount a volume there, however they write the path', () => {
    const files = { hosts: { hostname: 'web' }, resolvConf: '' };
    const mounting = (...paths: string[]) =>
      filesOf(
        { name: 'web', image: 'web', volumeMounts: paths.map((mountPath) => ({ name: 'x', mountPath })) },
        { ...files, resolvConf: 'nameserver 192.0.2.1\n' },
      );
    assert.deepEqual(mounting('/etc'), ['hosts', 'resolv.conf']);
    assert.deepEqual(mounting('/etc//hosts/'), ['resolv.conf']);
    assert.deepEqual(mounting('/etc/hosts', '/etc/resolv.conf'), []);
  });
});

describe('the resolver of a pod', () => {
  const resolver = (spec: Partial<PodSpec>, cluster = CLUSTER, node = NODE) => {
    const pod = { metadata: { name: 'web', namespace: 'shop' }, spec: { dnsPolicy: 'ClusterFirst', ...spec } };
    return podResolver(pod as unknown as Pod, cluster, node);
  };
  const text = (...given: Parameters<typeof resolver>) => {
    const found = resolver(...given);
    return found && resolvConfText(found);
  };
  const ofCluster =
    'search shop.svc.cluster.local svc.cluster.local cluster.local example.com corp\nnameserver 10.96.0.10\noptions ndots:5\n';

  it("is the cluster's first, with its domains before the node's", () => {
    assert.equal(text({}), ofCluster);
    assert.equal(text({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), ofCluster);
  });

  it("is left to Docker where it is the node's: by policy, on the node's network, or where nobody answers for the cluster", () => {
    assert.equal(text({ dnsPolicy: 'Default' }), undefined);
    assert.equal(text({ hostNetwork: true }), undefined);
    assert.equal(text({}, { ...CLUSTER, servers: [] }), undefined);
    // Docker knows nothing of another file that was named for the node.
    const own = 'search example.com corp\nnameserver 192.0.2.53\noptions rotate\n';
    assert.equal(text({ dnsPolicy: 'Default' }, CLUSTER, { ...NODE, isDockers: false }), own);
  });

  it('has what dnsConfig adds to it, each thing once, and of an option its value', () => {
    const dnsConfig = {
      nameservers: ['192.0.2.1'],
      searches: ['corp', 'more.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    };
    assert.equal(
      text({ dnsConfig }),
      'search shop.svc.cluster.local svc.cluster.local cluster.local example.com corp more.example\nnameserver 10.96.0.10\nnameserver 192.0.2.1\noptions ndots:2 edns0\n',
    );
    assert.equal(
      text({ dnsPolicy: 'Default', dnsConfig }),
      'search example.com corp more.example\nnameserver 192.0.2.53\nnameserver 192.0.2.1\noptions rotate ndots:2 edns0\n',
    );
    assert.equal(text({ dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'] } }), 'nameserver 192.0.2.1\n');
  });

  it('leaves out what the C library does not take, and says so', () => {
    const node = { ...NODE, searches: Array.from({ length: 40 }, (_, i) => `d${i}.example`), servers: ['1', '2', '3'] };
    const found = resolver({ dnsConfig: { nameservers: ['4', '5', '6'] } }, CLUSTER, node);
    assert.equal(found?.searches.length, 32);
    assert.deepEqual(found?.servers, ['10.96.0.10', '4', '5']);
    assert.match(
      found?.omissions.join('\n') ?? '',
      /^Nameserver limits .* line is: 10\.96\.0\.10 4 5\nSearch Line limits/,
    );
    const long = { ...NODE, searches: Array.from({ length: 20 }, (_, i) => `${'d'.repeat(200)}${i}.example`) };
    assert.ok((resolver({}, CLUSTER, long)?.searches.join(' ').length ?? 0) <= 2048);
  });
});

describe('kubelet: files of pods', () => {
  const fileOf = async (bed: KubeletBed, target: string) => {
    const { id } = await bed.container('web');
    const mount = bed.runtime.specOf(id)?.mounts?.find((each) => each.target === target);
    return mount && (await bed.files.readSingle(mount.source));
  };

  it('hold the address of the pod before its containers start, and a new one after the pause container was replaced', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod();
    const first = await bed.container('POD');
    assert.equal(await fileOf(bed, '/etc/hosts'), `${MANAGED}${first.ip}\tweb\n`);
    bed.runtime.exit(first.id, 137);
    await bed.advance(60_000);
    const second = await bed.container('POD');
    assert.equal(second.state, 'running');
    assert.equal(await fileOf(bed, '/etc/hosts'), `${MANAGED}${second.ip}\tweb\n`);
    await bed.stop();
  });

  it("send a pod to the cluster's DNS once there is one, at its next start and not before", async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod();
    assert.equal(await fileOf(bed, '/etc/resolv.conf'), undefined);
    const before = await bed.summary();
    bed.dns = CLUSTER;
    await bed.stop();
    await bed.start();
    assert.deepEqual(await bed.summary(), before);
    bed.runtime.exit((await bed.container('web')).id, 1);
    await bed.advance(60_000);
    assert.match(
      (await fileOf(bed, '/etc/resolv.conf')) ?? '',
      /^search default\.svc\.cluster\.local .* example\.com\n/,
    );
    await bed.stop();
  });

  it('go with the pod, also one that never had a volume', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod();
    assert.equal(bed.files.heldUids.length, 1);
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' });
    await bed.advance(60_000);
    assert.deepEqual(bed.files.heldUids, []);
    await bed.stop();
  });
});

/** The runtime of a daemon that let no pause container share its memory. */
function beforeSharing(runtime: ContainerRuntime): ContainerRuntime {
  const create = ({ ipc: _, labels, ...spec }: ContainerSpec) => {
    const { 'sampan.dev/shares-ipc': __, ...rest } = labels;
    return runtime.create({ ...spec, labels: rest });
  };
  return new Proxy(runtime, {
    get(target, name) {
      if (name === 'create') return create;
      const member = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('kubelet: shared memory', () => {
  const ipcOf = async (bed: KubeletBed) => bed.runtime.specOf((await bed.container('web')).id)?.ipc;

  it("is that of the pod's pause container", async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod();
    assert.deepEqual(await ipcOf(bed), { of: (await bed.container('POD')).id });
    await bed.stop();
  });

  it('is of each container alone in the pause container of an older daemon, which runs on', async () => {
    const bed = await KubeletBed.create();
    await bed.start((world) => ({ ...world, runtime: beforeSharing(world.runtime) }));
    await bed.addPod();
    const before = await bed.summary();
    await bed.stop();
    await bed.start();
    assert.deepEqual(await bed.summary(), before);
    bed.runtime.exit((await bed.container('web')).id, 1);
    await bed.advance(60_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    assert.equal(await ipcOf(bed), undefined);
    await bed.stop();
  });
});
