/** What a pod's containers may do, whom they run as, and which files and names they have, on a real engine. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { KubeObject } from './harness/kube-client.ts';
import { runningContainers, runningIds } from './harness/kube-containers.ts';
import { run } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const PODS = '/api/v1/namespaces/default/pods';
const IMAGE = 'sampan/busybox:1';
const NO_CHMOD = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['chmod', 'fchmodat'], action: 'SCMP_ACT_ERRNO' }],
};

interface PodParts {
  readonly name: string;
  readonly spec?: object;
  readonly containers?: readonly { readonly name: string; readonly [field: string]: unknown }[];
}

function podOf({ name, spec = {}, containers = [{ name: 'app' }] }: PodParts): object {
  const defaults = { image: IMAGE, command: ['busybox', 'sleep', '1000000'] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...spec,
      containers: containers.map((container) => ({ ...defaults, ...container })),
    },
  };
}

/** For busybox has no UDP: programs that are put into the network of a pod. */
const UDP_ECHO = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (data, { port, address }) => socket.send(data, port, address));
  socket.bind(8081, () => console.log('listening'));
`;
const UDP_ASK = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.once('message', (data) => { console.log(String(data)); socket.close(); });
  socket.send('hello', 8081, process.argv[1]);
`;

const TOKEN = { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };

const RUNNING: readonly PodParts[] = [
  {
    name: 'user',
    spec: {
      securityContext: { runAsUser: 1000, runAsGroup: 10_000, supplementalGroups: [4000], fsGroup: 5000 },
      volumes: [TOKEN],
    },
    containers: [
      { name: 'app', volumeMounts: [{ name: 'token', mountPath: '/token' }] },
      {
        name: 'own',
        securityContext: { runAsUser: 65_534, runAsGroup: 2000, privileged: false, allowPrivilegeEscalation: false },
      },
    ],
  },
  {
    name: 'limited',
    spec: { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'no-chmod.json' } } },
    containers: [
      { name: 'read-only', securityContext: { readOnlyRootFilesystem: true } },
      { name: 'writable', securityContext: { readOnlyRootFilesystem: false } },
      { name: 'free', securityContext: { seccompProfile: { type: 'Unconfined' }, procMount: 'Unmasked' } },
    ],
  },
  {
    name: 'names',
    spec: {
      hostname: 'web',
      subdomain: 'sub',
      setHostnameAsFQDN: true,
      hostAliases: [{ ip: '192.0.2.7', hostnames: ['a.example', 'b.example'] }],
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.53'],
        searches: ['a.example', 'b.example'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
      volumes: [TOKEN],
    },
    containers: [
      { name: 'app' },
      { name: 'own', volumeMounts: [{ name: 'token', mountPath: '/etc/hosts', subPath: 'token' }] },
    ],
  },
  {
    name: 'shares',
    spec: { securityContext: { sysctls: [{ name: 'kernel/shm_rmid_forced', value: '1' }] } },
    containers: [{ name: 'one' }, { name: 'other' }],
  },
  { name: 'machine', spec: { hostNetwork: true, hostPID: true, hostIPC: true } },
  {
    name: 'answers',
    containers: [
      {
        name: 'http',
        command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'],
        ports: [
          { containerPort: 8080, hostPort: 18_080, hostIP: '127.0.0.1' },
          { containerPort: 8081, hostPort: 18_080, hostIP: '127.0.0.1', protocol: 'UDP' },
        ],
      },
    ],
  },
  {
    name: 'same-port',
    containers: [
      {
        name: 'http',
        command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'],
        ports: [{ containerPort: 8080, hostPort: 18_080, hostIP: '127.0.0.2' }],
      },
    ],
  },
];

describe('security and names of pods', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;

  const idOf = async (pod: string, container: string): Promise<string> => {
    const running = await runningContainers(dockerd);
    const found = running.find((each) => each.pod === pod && each.container === container);
    assert.ok(found, `${container} of ${pod} runs`);
    return found.id;
  };
  /** What the command writes in the container `pod/container`. */
  const inside = async (place: string, ...command: string[]): Promise<string> => {
    const [pod = '', container = 'app'] = place.split('/');
    return dockerd.cli('exec', await idOf(pod, container), 'busybox', ...command);
  };
  const statusOf = async (place: string): Promise<Map<string, string>> => {
    const lines = (await inside(place, 'cat', '/proc/self/status')).split('\n');
    return new Map(lines.map((line) => [line.split(':')[0] ?? '', line.split('\t').slice(1).join(' ').trim()]));
  };
  const add = (parts: PodParts) => sampan.api.create(PODS, podOf(parts));
  const untilPod = (name: string, isSo: (pod: KubeObject) => boolean, describe: string) =>
    eventually(
      async () => {
        const pod = await sampan.api.get(`${PODS}/${name}`);
        return isSo(pod) && pod;
      },
      { describe: `pod ${name} ${describe}`, timeoutMs: 60_000 },
    );
  const waitingOf = ({ status }: KubeObject) => status.containerStatuses?.[0]?.state.waiting;

  before('a node with pods', async () => {
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    const maker = (await dockerd.cli('create', IMAGE)).trim();
    await dockerd.cli('commit', '--change', 'USER app', maker, 'sampan/named-user:1');
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    const profiles = join(sampan.dataDir, 'seccomp');
    mkdirSync(profiles);
    writeFileSync(join(profiles, 'no-chmod.json'), JSON.stringify(NO_CHMOD));
    await Promise.all(RUNNING.map(add));
    const isReady = ({ status }: KubeObject) =>
      status.conditions?.some(({ type, status: is }: Record<string, string>) => type === 'Ready' && is === 'True');
    await Promise.all(RUNNING.map(({ name }) => untilPod(name, isReady, 'to be ready')));
  });

  it('are of the user and the groups that the pod says, or the container, which also gives up to gain more', async () => {
    const ofPod = await statusOf('user/app');
    assert.equal(ofPod.get('Uid'), '1000 1000 1000 1000');
    assert.equal(ofPod.get('Gid'), '10000 10000 10000 10000');
    assert.equal(ofPod.get('Groups'), '4000 5000 10000');
    assert.equal(ofPod.get('NoNewPrivs'), '0');
    const own = await statusOf('user/own');
    assert.equal(own.get('Uid'), '65534 65534 65534 65534');
    assert.equal(own.get('Gid'), '2000 2000 2000 2000');
    assert.equal(own.get('NoNewPrivs'), '1');
    // Nobody who is not root may make a network interface, privileged or not being its own word.
    await assert.rejects(inside('user/own', 'ip', 'link', 'add', 'dummy0', 'type', 'dummy'), /not permitted/);
  });

  it("let another user and group read the account's token", async () => {
    assert.equal((await inside('user/app', 'cat', '/token/token')).split('.').length, 3);
  });

  it('keep the root of the file system as it is where they are to, and stay within their seccomp profile', async () => {
    await assert.rejects(inside('limited/read-only', 'touch', '/x'), /Read-only file system/);
    await inside('limited/writable', 'touch', '/x');
    await assert.rejects(inside('limited/writable', 'chmod', '600', '/x'), /not permitted/);
    await inside('limited/free', 'touch', '/x');
    await inside('limited/free', 'chmod', '600', '/x');
    const masks = (place: string) => inside(place, 'sh', '-c', 'busybox grep -c " /proc/" /proc/mounts || true');
    assert.equal(await masks('limited/free'), '0\n');
    assert.notEqual(await masks('limited/writable'), '0\n');
  });

  it('have the hosts file that Kubernetes writes, with their full name and aliases, unless they mount their own', async () => {
    const { status } = await sampan.api.get(`${PODS}/names`);
    const domain = 'sub.default.svc.cluster.local';
    const hosts = await inside('names/app', 'cat', '/etc/hosts');
    assert.ok(hosts.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n'), hosts);
    assert.ok(hosts.includes(`\n${status.podIP}\tweb.${domain}\tweb\n`), hosts);
    assert.ok(hosts.endsWith('\n# Entries added by HostAliases.\n192.0.2.7\ta.example\tb.example\n'), hosts);
    assert.equal((await inside('names/app', 'hostname')).trim(), `web.${domain}`);
    assert.equal((await inside('names/app', 'cat', '/etc/hostname')).trim(), `web.${domain}`);
    assert.equal((await inside('names/own', 'cat', '/etc/hosts')).split('.').length, 3);
    const ofMachine = await inside('machine', 'cat', '/etc/hosts');
    assert.ok(!ofMachine.includes('# Kubernetes-managed hosts file.'), ofMachine);
  });

  it('ask for names where dnsConfig says', async () => {
    assert.equal(
      await inside('names/app', 'cat', '/etc/resolv.conf'),
      'search a.example b.example\nnameserver 192.0.2.53\noptions ndots:2 edns0\n',
    );
  });

  it('share memory and kernel parameters within a pod, and with no other', async () => {
    await inside('shares/one', 'touch', '/dev/shm/here');
    assert.equal(await inside('shares/other', 'ls', '/dev/shm'), 'here\n');
    assert.equal(await inside('limited/writable', 'ls', '/dev/shm'), '');
    const parameter = '/proc/sys/kernel/shm_rmid_forced';
    assert.equal(await inside('shares/other', 'cat', parameter), '1\n');
    assert.equal(await inside('limited/writable', 'cat', parameter), '0\n');
  });

  it("have the machine's processes, IPC and network where they ask for them, and reach other pods from there", async () => {
    for (const namespace of ['ipc', 'pid']) {
      const link = `/proc/self/ns/${namespace}`;
      assert.equal((await inside('machine', 'readlink', link)).trim(), readlinkSync(link));
    }
    const { status } = await sampan.api.get(`${PODS}/answers`);
    const fetched = await inside('machine', 'wget', '-qO-', `http://${status.podIP}:8080/hostname`);
    assert.equal(fetched, 'answers\n');
    const enter = async (pod: string, program: string): Promise<string[]> => {
      const pid = await dockerd.cli('inspect', '--format', '{{.State.Pid}}', await idOf(pod, 'POD'));
      return [`--net=/proc/${pid.trim()}/ns/net`, '--', process.execPath, '-e', program, status.podIP];
    };
    const log = join(await bed.dir(), 'echo.log');
    const echo = await dockerd.netns.start('nsenter', await enter('answers', UDP_ECHO), log);
    await eventually(() => echo.readLog().includes('listening'), { describe: 'the UDP server' });
    assert.equal(await run('nsenter', await enter('machine', UDP_ASK)), 'hello\n');
    await echo.stop();
  });

  it('may have one port of the node each, where address or protocol differ', async () => {
    const fetch = (ip: string) => inside('machine', 'wget', '-qO-', `http://${ip}:18080/hostname`);
    assert.deepEqual([await fetch('127.0.0.1'), await fetch('127.0.0.2')], ['answers\n', 'same-port\n']);
    const ports = await dockerd.cli(
      'inspect',
      '--format',
      '{{json .HostConfig.PortBindings}}',
      await idOf('answers', 'POD'),
    );
    assert.match(ports, /8081\/udp/);
  });

  it('wait where they would run as root and must not, and say so', async () => {
    await add({ name: 'root', spec: { securityContext: { runAsNonRoot: true } } });
    await add({
      name: 'named',
      containers: [{ name: 'app', image: 'sampan/named-user:1', securityContext: { runAsNonRoot: true } }],
    });
    const root = await untilPod('root', (pod) => waitingOf(pod)?.message !== undefined, 'to say why it waits');
    const where = ({ metadata }: KubeObject) => `(pod: "${metadata.name}_default(${metadata.uid})", container: app)`;
    assert.deepEqual(waitingOf(root), {
      reason: 'CreateContainerConfigError',
      message: `container has runAsNonRoot and image will run as root ${where(root)}`,
    });
    const named = await untilPod('named', (pod) => waitingOf(pod)?.message !== undefined, 'to say why it waits');
    assert.equal(
      waitingOf(named).message,
      `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where(named)}`,
    );
  });

  it('are turned away with a kernel parameter that is not safe, or without the AppArmor that they ask for', async () => {
    const sysctls = [{ name: 'kernel.msgmax', value: '10000' }];
    await add({ name: 'unsafe', spec: { securityContext: { sysctls } } });
    await add({ name: 'confined', spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } });
    const { status } = await untilPod('unsafe', ({ status: { phase } }) => phase === 'Failed', 'to fail');
    assert.equal(status.reason, 'SysctlForbidden');
    assert.equal(status.message, 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted');
    if (existsSync('/sys/module/apparmor')) return;
    const confined = await untilPod('confined', (pod) => pod.status.phase === 'Failed', 'to fail');
    assert.equal(confined.status.reason, 'AppArmor');
  });

  it('say why a name is too long for the kernel', async () => {
    const hostname = 'a'.repeat(40);
    await add({ name: 'long', spec: { hostname, subdomain: 'sub', setHostnameAsFQDN: true } });
    await eventually(
      async () => {
        const events = await sampan.api.list('/api/v1/namespaces/default/events');
        return events.some(({ message }) => /FQDN a{40}\.sub\.default\.svc\.cluster\.local is too long/.test(message));
      },
      { describe: 'the event that says so' },
    );
  });

  it('run on as they are while the daemon restarts, and leave no files when they go', async () => {
    const before = await runningIds(dockerd);
    await sampan.stop();
    await sampan.start();
    assert.deepEqual(await runningIds(dockerd), before);
    const format = '{{range .Mounts}}{{if eq .Destination "/etc/hosts"}}{{.Source}}{{end}}{{end}}';
    const hosts = (await dockerd.cli('inspect', '--format', format, await idOf('names', 'app'))).trim();
    assert.ok(existsSync(hosts), hosts);
    await sampan.api.delete(`${PODS}/names`);
    await eventually(() => !existsSync(hosts), { describe: 'the files of the pod to go', timeoutMs: 30_000 });
  });
});
