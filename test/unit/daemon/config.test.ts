import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Commands, type RunConfig, runCommandLine } from '../../../daemon/config.ts';

/** What `sampan run ARGS` is told, or the exit code where it is not run. */
async function runWith(...args: string[]): Promise<RunConfig | number> {
  let seen: RunConfig | undefined;
  const commands = {
    run: async (config: RunConfig) => {
      seen = config;
      return 0;
    },
  } as unknown as Commands;
  const code = await quietly(() => runCommandLine(['node', 'sampan', 'run', ...args], '1.2.3', commands));
  return seen ?? code;
}

/** Commander tells people about their mistakes; a test run need not. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stderr;
  process.stderr.write = () => true;
  try {
    return await work();
  } finally {
    process.stderr.write = write;
  }
}

describe('the command line', () => {
  let folder: string;
  const file = (text: string): string => {
    const path = join(folder, 'sampan.yaml');
    writeFileSync(path, text);
    return path;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sampan-config-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has the defaults people expect', async () => {
    const config = (await runWith('manifests')) as RunConfig;
    assert.deepEqual(config.sources, [
      { location: 'manifests', onInvalid: 'refuse', pruneLimit: 0.5, syncInterval: '30s' },
    ]);
    assert.equal(config.serviceRange.cidr, '10.96.0.0/16');
    assert.deepEqual(config.nodePorts, { first: 30_000, last: 32_767 });
    assert.equal(config.pauseImage, 'sampan/pause:1');
    assert.equal(config.proxyMode, 'nftables');
    assert.equal(config.etcd, undefined);
    assert.equal(config.clusterCidr, undefined);
  });

  it("takes Kubernetes' flags by their names", async () => {
    const config = (await runWith(
      'https://example.com/app.git#main:deploy',
      '--etcd-servers=http://a:2379,http://b:2379',
      '--service-cluster-ip-range=123.123.123.0/24',
      '--cluster-cidr=10.1.0.0/16',
      '--pod-eviction-timeout=2m',
    )) as RunConfig;
    assert.deepEqual(config.etcd?.servers, ['http://a:2379', 'http://b:2379']);
    assert.equal(config.serviceRange.size, 256);
    assert.equal(config.clusterCidr?.cidr, '10.1.0.0/16');
    assert.equal(config.podEvictionTimeoutMs, 120_000);
  });

  it("takes the kubelet's flags about images by their names", async () => {
    const { images } = (await runWith('manifests', '--docker-config=/root/.docker')) as RunConfig;
    assert.deepEqual(images, {
      dockerConfig: '/root/.docker',
      garbage: { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000 },
    });
    const told = (await runWith(
      'manifests',
      '--image-gc-high-threshold=60',
      '--image-gc-low-threshold=0',
      '--minimum-image-ttl-duration=1h',
    )) as RunConfig;
    assert.deepEqual(told.images.garbage, { highPercent: 60, lowPercent: 0, minimumAgeMs: 3_600_000 });
  });

  it('serves the API for this machine alone unless told otherwise', async () => {
    const { api } = (await runWith('manifests')) as RunConfig;
    assert.deepEqual(api, {
      bindAddress: '127.0.0.1',
      securePort: 6443,
      tlsNames: [],
      serviceAccountIssuer: 'https://kubernetes.default.svc.cluster.local',
      maxReads: 400,
      maxWrites: 200,
      maxStreams: 1_000,
    });
    const told = (await runWith(
      'manifests',
      '--bind-address=::',
      '--secure-port=0',
      '--tls-san=box.example.com, 192.0.2.7',
      '--token-auth-file=tokens.csv',
      '--authorization-rbac-file=rbac.yaml',
      '--audit-log-path=audit.log',
      '--audit-log-maxsize=1',
      '--audit-log-maxbackup=0',
    )) as RunConfig;
    assert.equal(told.api.bindAddress, '::');
    assert.equal(told.api.securePort, 0);
    assert.deepEqual(told.api.tlsNames, ['box.example.com', '192.0.2.7']);
    assert.deepEqual([told.api.tokenFile, told.api.rbacFile], ['tokens.csv', 'rbac.yaml']);
    assert.deepEqual(told.api.audit, { path: 'audit.log', maxBytes: 1_048_576, maxBackups: 0 });
  });

  it("has the cluster's DNS at the tenth address of the Services unless told otherwise", async () => {
    const { dns } = (await runWith('manifests')) as RunConfig;
    assert.deepEqual(dns, {
      clusterDomain: 'cluster.local',
      clusterDns: '10.96.0.10',
      isTold: false,
      resolvConf: '/etc/resolv.conf',
    });
    const moved = (await runWith('manifests', '--service-cluster-ip-range=123.123.123.0/24')) as RunConfig;
    assert.equal(moved.dns.clusterDns, '123.123.123.10');
    const tiny = (await runWith('manifests', '--service-cluster-ip-range=123.123.123.0/30')) as RunConfig;
    assert.equal(tiny.dns.clusterDns, '123.123.123.2');
    const flags = ['--cluster-dns=192.0.2.53', '--cluster-domain=Box.Example.', '--resolv-conf=/run/resolv.conf'];
    const told = (await runWith('manifests', ...flags)) as RunConfig;
    assert.deepEqual(told.dns, {
      clusterDomain: 'box.example',
      clusterDns: '192.0.2.53',
      isTold: true,
      resolvConf: '/run/resolv.conf',
    });
  });

  it('takes kernel parameters of namespaces, and beginnings of them', async () => {
    const { allowedUnsafeSysctls } = (await runWith(
      'manifests',
      '--allowed-unsafe-sysctls=kernel.msg*, net/core/somaxconn,net.ipv4.conf.*',
    )) as RunConfig;
    assert.deepEqual(allowedUnsafeSysctls, ['kernel.msg*', 'net.core.somaxconn', 'net.ipv4.conf.*']);
  });

  for (const bad of [
    ['manifests', '--service-cluster-ip-range=10.96.0.1/16'],
    ['manifests', '--service-node-port-range=9-8'],
    ['manifests', '--proxy-mode=iptables'],
    ['manifests', '--prune-limit=2'],
    ['manifests', '--pod-eviction-timeout=soon'],
    ['manifests', '--no-such-flag'],
    ['manifests', '--bind-address=localhost'],
    ['manifests', '--secure-port=65536'],
    ['manifests', '--tls-san=a b'],
    ['manifests', '--max-streams=0'],
    ['manifests', '--audit-log-maxsize=0'],
    ['manifests', '--cluster-dns=dns.example.com'],
    ['manifests', '--cluster-domain=-a'],
    ['manifests', '--allowed-unsafe-sysctls=kernel.panic'],
    ['manifests', '--allowed-unsafe-sysctls=*'],
    ['manifests', '--image-gc-high-threshold=101'],
  ]) {
    it(`refuses ${bad[1]}`, async () => assert.equal(await runWith(...bad), 2));
  }

  it('refuses thresholds for images that leave no room between them', async () => {
    await assert.rejects(runWith('manifests', '--image-gc-low-threshold=85'), {
      code: 'Usage',
      message: '--image-gc-low-threshold: expected less than --image-gc-high-threshold (85), got 85',
    });
  });

  it('refuses to run without a source', async () => {
    await assert.rejects(runWith(), /needs at least one SOURCE/);
  });

  it('reads the config file, over which the command line wins', async () => {
    const path = file(`
sources:
  - manifests
  - location: https://example.com/app.git
    on-invalid: skip-file
    prune-limit: 0.9
    sync-interval: 10s
service-cluster-ip-range: 123.123.123.0/24
node-name: from-file
proxy-mode: none
`);
    const config = (await runWith('--config', path, '--node-name', 'from-flag')) as RunConfig;
    assert.deepEqual(config.sources, [
      { location: 'manifests', onInvalid: 'refuse', pruneLimit: 0.5, syncInterval: '30s' },
      { location: 'https://example.com/app.git', onInvalid: 'skip-file', pruneLimit: 0.9, syncInterval: '10s' },
    ]);
    assert.equal(config.serviceRange.cidr, '123.123.123.0/24');
    assert.equal(config.nodeName, 'from-flag');
    assert.equal(config.proxyMode, 'none');
  });

  it('says what is wrong with a config file', async () => {
    await assert.rejects(runWith('x', '--config', file('colour: red')), /sampan.yaml: unknown setting "colour"/);
    await assert.rejects(
      runWith('x', '--config', file('cluster-cidr: 10.0.0.1/8')),
      /cluster-cidr: .*did you mean 10\.0\.0\.0\/8/,
    );
    await assert.rejects(runWith('x', '--config', file('proxy-mode: iptables')), /proxy-mode/);
    await assert.rejects(runWith('--config', file('sources: [{path: x}]')), /sources\[0\]: cannot use "path: x"/);
    await assert.rejects(runWith('x', '--config', join(folder, 'none.yaml')), /cannot read the config file/);
  });
});
