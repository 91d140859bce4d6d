/** Configuration and volumes of pods on a real engine: folders, paths of the node, parts of volumes, variables, and files that follow. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { environmentOf, runningContainers } from './harness/kube-containers.ts';
import { run } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const BINARY = Buffer.from([0, 255, 10, 128]);

const CONFIG = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue, size: xl, "1.dotted": "yes" }
binaryData: { logo: ${BINARY.toString('base64')} }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { password: hush }
---
`;

/** Two containers of one pod. */
const web = (node: string): string => `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web }, annotations: { note: first } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: app
      image: sampan/busybox:1
      command: [busybox, sleep, "1000000"]
      env:
        - { name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color } } }
        - { name: PASSWORD, valueFrom: { secretKeyRef: { name: keys, key: password } } }
        - { name: NONE, valueFrom: { secretKeyRef: { name: keys, key: none, optional: true } } }
        - { name: IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
        - { name: HOST, valueFrom: { fieldRef: { fieldPath: status.hostIP } } }
        - { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
        - { name: MILLIS, valueFrom: { resourceFieldRef: { resource: limits.cpu, divisor: 1m } } }
        - { name: MEBIBYTES, valueFrom: { resourceFieldRef: { resource: limits.memory, divisor: 1Mi } } }
        - { name: ALL, value: "$(COLOR) $(FROM_size)" }
      envFrom: [{ prefix: FROM_, configMapRef: { name: settings } }]
      resources: { limits: { cpu: 250m, memory: 64Mi } }
      volumeMounts:
        - { name: settings, mountPath: /etc/settings }
        - { name: keys, mountPath: /etc/keys }
        - { name: self, mountPath: /etc/self }
        - { name: disk, mountPath: /disk }
        - { name: memory, mountPath: /memory }
        - { name: node, mountPath: /node }
        - { name: node, mountPath: /read-only, readOnly: true }
        - { name: settings, mountPath: /etc/one, subPath: color }
        - { name: disk, mountPath: /part, subPathExpr: "$(POD)/logs" }
        - { name: memory, mountPath: /memory-part, subPath: part }
    - name: side
      image: sampan/busybox:1
      command: [busybox, sleep, "1000000"]
      volumeMounts:
        - { name: disk, mountPath: /shared }
        - { name: memory, mountPath: /memory }
  volumes:
    - { name: settings, configMap: { name: settings } }
    - { name: keys, secret: { secretName: keys, defaultMode: 256 } }
    - name: self
      downwardAPI:
        items:
          - { path: labels, fieldRef: { fieldPath: metadata.labels } }
          - { path: note, fieldRef: { fieldPath: "metadata.annotations['note']" } }
          - { path: request, resourceFieldRef: { containerName: app, resource: requests.memory, divisor: 1Ki } }
          - { path: node-cpu, resourceFieldRef: { containerName: side, resource: limits.cpu } }
    - { name: disk, emptyDir: {} }
    - { name: memory, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
    - { name: node, hostPath: { path: ${node}, type: DirectoryOrCreate } }
`;

/** `spec` beside a container that waits, which has `container`. */
function pod(name: string, container: object, spec: object = {}, metadata: object = {}) {
  const waits = { name: 'app', image: 'sampan/busybox:1', command: ['busybox', 'sleep', '1000000'], ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 0, containers: [waits], ...spec },
  };
}

describe('configuration of pods', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let nodePath: string;

  const idOf = (podName: string, container = 'app') =>
    eventually(
      async () =>
        (await runningContainers(dockerd)).find((each) => each.container === container && each.pod === podName)?.id,
      { describe: `${podName} to run`, timeoutMs: 20_000 },
    );
  const inPod = async (name: string, ...command: string[]) =>
    dockerd.cli('exec', await idOf(name), 'busybox', ...command);
  const inSide = async (...command: string[]) => dockerd.cli('exec', await idOf('web', 'side'), 'busybox', ...command);
  /** The lines that a shell in the container prints. */
  const script = async (text: string, user = '0:0') => {
    const printed = await dockerd.cli('exec', '--user', user, await idOf('web'), 'sh', '-c', text);
    return printed.trimEnd().split('\n');
  };
  const create = (body: object) => sampan.api.create(`${NAMESPACE}/pods`, body);
  const waiting = (name: string) =>
    eventually(
      async () => (await sampan.api.get(`${NAMESPACE}/pods/${name}`)).status.containerStatuses?.[0]?.state.waiting,
      { describe: `${name} to say what it waits for` },
    );
  const untilConfigError = (name: string, message: string) =>
    eventually(
      async () => {
        const { reason, message: said } = await waiting(name);
        return reason === 'CreateContainerConfigError' && said === message;
      },
      { describe: `${name} to wait because ${message}` },
    );

  before('a node with a pod', async () => {
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true, args: ['--live-restore'] });
    nodePath = join(await bed.dir(), 'data');
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    for (const object of loadAll(CONFIG + web(nodePath)) as { kind: string }[]) {
      await sampan.api.create(`${NAMESPACE}/${object.kind.toLowerCase()}s`, object);
    }
    await idOf('web');
    await idOf('web', 'side');
  });

  it('gives variables from ConfigMaps, Secrets, the pod and its resources', async () => {
    const env = new Map(
      (await environmentOf(dockerd, await idOf('web'))).map((line) => line.split('=', 2) as [string, string]),
    );
    const status = await eventually(
      async () => {
        const pod = await sampan.api.get(`${NAMESPACE}/pods/web`);
        return pod.status.podIP !== undefined && pod.status;
      },
      { describe: 'the address to be known' },
    );
    const expected = {
      COLOR: 'blue',
      PASSWORD: 'hush',
      NONE: undefined,
      IP: status.podIP,
      HOST: status.hostIP,
      POD: 'web',
      MILLIS: '250',
      MEBIBYTES: '64',
      ALL: 'blue xl',
      'FROM_1.dotted': 'yes',
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, env.get(name)])), expected);
    assert.match(status.podIP, /^\d+\.\d+\.\d+\.\d+$/);
  });

  it('keeps what is secret out of labels, logs and events', async () => {
    const labels = await dockerd.cli('inspect', '--format', '{{json .Config.Labels}}', await idOf('web'));
    const events = JSON.stringify(await sampan.api.list(`${NAMESPACE}/events`));
    for (const text of [labels, events, readFileSync(sampan.logFile, 'utf8')]) assert.doesNotMatch(text, /hush/);
  });

  it('shows ConfigMaps, Secrets and the pod as files, with their modes and every byte', async () => {
    const [node] = await sampan.api.list('/api/v1/nodes');
    const read = await script(`
      cat /etc/settings/color; echo
      od -An -tu1 /etc/settings/logo
      stat -L -c %a /etc/settings/color /etc/keys/password
      for file in /etc/keys/password /etc/self/labels /etc/self/request /etc/self/node-cpu; do cat $file; echo; done
      touch /etc/settings/new 2>&1
      grep -o '/etc/keys tmpfs ro' /proc/mounts
    `);
    assert.deepEqual(read, [
      'blue',
      [...BINARY].map((byte) => ` ${String(byte).padStart(3)}`).join(''),
      '644',
      '400',
      'hush',
      'app="web"',
      '65536',
      node?.status.allocatable.cpu,
      'touch: /etc/settings/new: Read-only file system',
      '/etc/keys tmpfs ro',
    ]);
  });

  it('keeps what is not for all from other users', async () => {
    const read = await script('cat /etc/settings/color; echo; cat /etc/keys/password 2>&1; true', '1000:1000');
    assert.deepEqual(read, ['blue', "cat: can't open '/etc/keys/password': Permission denied"]);
  });

  it('has folders for all containers of the pod, where files of any user keep their modes, on disk and in memory', async () => {
    assert.deepEqual(await script('stat -c %a /disk /memory; grep -o "/memory tmpfs rw" /proc/mounts'), [
      '777',
      '777',
      '/memory tmpfs rw',
    ]);
    for (const user of ['0', '1000']) {
      const written = await script(
        `umask 0; for place in /disk /memory; do for mode in 644 666 777; do
          echo $mode > $place/$mode-${user}; chmod $mode $place/$mode-${user}
          stat -c '%a %u' $place/$mode-${user}; cat $place/$mode-${user}
        done; done`,
        `${user}:${user}`,
      );
      const files = ['644', '666', '777'].flatMap((mode) => [`${mode} ${user}`, mode]);
      assert.deepEqual(written, [...files, ...files]);
    }
    assert.equal(await inSide('cat', '/shared/644-1000', '/memory/666-0'), '644\n666\n');
  });

  it('holds a folder in memory to its size', async () => {
    const written = await script('dd if=/dev/zero of=/memory/large bs=1M count=2 2>&1; rm /memory/large');
    assert.match(written.join(' '), /No space left on device/);
  });

  it('keeps folders, on disk and in memory, when daemons and containers end', async () => {
    await sampan.stop('SIGKILL');
    await dockerd.stop();
    await dockerd.start();
    await sampan.start();
    const id = await idOf('web');
    await dockerd.cli('kill', id);
    await eventually(async () => (await idOf('web')) !== id, { describe: 'another container', timeoutMs: 20_000 });
    const read = await script('cat /disk/644-0 /memory/644-0; stat -c %a /memory/777-1000; echo again > /memory/644-0');
    assert.deepEqual(read, ['644', '644', '777']);
    assert.equal(await inSide('cat', '/memory/644-0'), 'again\n');
  });

  it('mounts paths of the node, and parts of volumes', async () => {
    const read = await script('touch /node/made /part/log /memory-part/file; touch /read-only/x 2>&1; cat /etc/one');
    assert.deepEqual(read, ['touch: /read-only/x: Read-only file system', 'blue']);
    assert.ok(existsSync(join(nodePath, 'made')));
    assert.equal(
      await inSide('ls', '/shared/web/logs', '/memory/part'),
      '/memory/part:\nfile\n\n/shared/web/logs:\nlog\n',
    );
  });

  it('shows changes of ConfigMaps, Secrets, labels and annotations within a second, but not in parts that are mounted', async () => {
    const id = await idOf('web');
    const changes: [path: string, patch: object, file: string, text: string][] = [
      ['configmaps/settings', { data: { color: 'red' } }, '/etc/settings/color', 'red'],
      ['secrets/keys', { stringData: { password: 'quiet' } }, '/etc/keys/password', 'quiet'],
      ['pods/web', { metadata: { labels: { tier: 'front' } } }, '/etc/self/labels', 'app="web"\ntier="front"'],
      ['pods/web', { metadata: { annotations: { note: 'second' } } }, '/etc/self/note', 'second'],
    ];
    for (const [path, patch, file, text] of changes) {
      await sampan.api.patch(`${NAMESPACE}/${path}`, patch);
      const root = `/proc/${(await dockerd.cli('inspect', '--format', '{{.State.Pid}}', id)).trim()}/root`;
      await eventually(() => readFileSync(join(root, file), 'utf8') === text, {
        describe: `${file} to read ${text}`,
        timeoutMs: 1_000,
      });
    }
    assert.deepEqual(await script('cat /etc/one'), ['blue']);
    assert.equal(await idOf('web'), id);
  });

  it('waits for what a container is made from, and goes on when it comes', async () => {
    const env = [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }];
    await create(pod('waits', { env, envFrom: [{ secretRef: { name: 'late' } }] }));
    await untilConfigError('waits', 'secret "late" not found');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late' }, stringData: { S: 's' } };
    await sampan.api.create(`${NAMESPACE}/secrets`, secret);
    await untilConfigError('waits', 'configmap "late" not found');
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' }, data: {} };
    await sampan.api.create(`${NAMESPACE}/configmaps`, map);
    await untilConfigError('waits', "couldn't find key k in ConfigMap default/late");
    await sampan.api.patch(`${NAMESPACE}/configmaps/late`, { data: { k: 'v' } });
    const variables = await environmentOf(dockerd, await idOf('waits'));
    assert.deepEqual(variables.filter((line) => /^(KEY|S)=/.test(line)).sort(), ['KEY=v', 'S=s']);
  });

  it('refuses parts that lead nowhere or out of their volume, and takes them when they do no more', async () => {
    const scratch = (subPathExpr: string) => ({
      env: [
        { name: 'ABSOLUTE', value: '/tmp' },
        { name: 'UP', value: '..' },
        { name: 'NOTE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['sub']" } } },
      ],
      volumeMounts: [{ name: 'scratch', mountPath: '/part', subPathExpr }],
    });
    const volumes = [{ name: 'scratch', emptyDir: {} }];
    await create(pod('absolute', scratch('$(ABSOLUTE)'), { volumes }));
    await create(pod('up', scratch('$(UP)'), { volumes }));
    await create(pod('later', scratch('$(NOTE)/$(NOTE)'), { volumes }));
    await untilConfigError('absolute', 'error SubPath `/tmp` must not be an absolute path');
    await untilConfigError('up', "unable to provision SubPath `..`: must not contain '..'");
    await untilConfigError('later', 'missing value for NOTE');
    await sampan.api.patch(`${NAMESPACE}/pods/later`, { metadata: { annotations: { sub: 'there' } } });
    await inPod('later', 'touch', '/part/file');

    symlinkSync('/etc', join(nodePath, 'out'));
    const mounts = [{ name: 'node', mountPath: '/part', subPath: 'out' }];
    await create(pod('out', { volumeMounts: mounts }, { volumes: [{ name: 'node', hostPath: { path: nodePath } }] }));
    const refusal = 'failed to prepare subPath for volumeMount "node" of container "app": it leads out of the volume';
    await untilConfigError('out', refusal);
  });

  it('says why a path of the node cannot be had, and takes it when it is there', async () => {
    const path = join(nodePath, 'late.sock');
    const volumes = [{ name: 'node', hostPath: { path, type: 'File' } }];
    await create(pod('path', { volumeMounts: [{ name: 'node', mountPath: '/file' }] }, { volumes }));
    const message = `MountVolume.SetUp failed for volume "node" : hostPath ${path} doesn't exist`;
    await eventually(
      async () => (await sampan.api.list(`${NAMESPACE}/events`)).some((event) => event.message === message),
      { describe: 'the event that says why' },
    );
    writeFileSync(path, 'here');
    assert.equal(await inPod('path', 'cat', '/file'), 'here');
  });

  it('mounts 50 ConfigMaps in each of five pods at once', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `map-${i}`);
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { name } });
    await Promise.all(names.map((name) => sampan.api.create(`${NAMESPACE}/configmaps`, map(name))));
    const volumeMounts = names.map((name) => ({ name, mountPath: `/etc/${name}` }));
    const volumes = names.map((name) => ({ name, configMap: { name } }));
    const pods = ['many-0', 'many-1', 'many-2', 'many-3', 'many-4'];
    await Promise.all(pods.map((name) => create(pod(name, { volumeMounts }, { volumes }))));
    for (const name of pods) {
      const texts = await inPod(name, 'sh', '-c', 'cat /etc/map-*/name');
      assert.equal(texts, [...names].sort().join(''));
    }
  });

  it('takes folders away with the pod, and leaves no mount and nothing but the paths of the node behind', async () => {
    const mounts = async () => (await run('cat', ['/proc/self/mountinfo'])).split('\n');
    const own = (await dockerd.cli('inspect', '--format', '{{json .Mounts}}', await idOf('web'))) as string;
    const sources = (JSON.parse(own) as { Source: string; Destination: string }[]).filter(({ Destination }) =>
      ['/memory', '/disk'].includes(Destination),
    );
    assert.equal(sources.length, 2);
    for (const { Source } of sources) assert.ok(existsSync(Source));
    await sampan.api.delete(`${NAMESPACE}/pods/web`);
    await eventually(() => sources.every(({ Source }) => !existsSync(Source)), {
      describe: 'the folders to go',
      timeoutMs: 20_000,
    });
    assert.deepEqual(
      (await mounts()).filter((line) => sources.some(({ Source }) => line.includes(Source.slice(0, -'/data'.length)))),
      [],
    );
    assert.ok(existsSync(join(nodePath, 'made')));
    await sampan.stop();
    await sampan.cli('cleanup');
  });
});
