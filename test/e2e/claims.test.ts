/** Storage that lasts, on a real engine: what a claim holds outlives pods and daemons, and goes when the claim goes, and only then. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonKubectl, daemonKubectl } from './harness/daemon-kubectl.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { KubeObject } from './harness/kube-client.ts';
import { runningContainers } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const VOLUMES = '/api/v1/persistentvolumes';
const PODS = '/api/v1/namespaces/default/pods';

function claim(name: string, extra = '', annotations = '{}'): string {
  return `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name}, annotations: ${annotations} }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } }${extra} }
`;
}

function podSpec(claimName: string, mount = ''): string {
  return `terminationGracePeriodSeconds: 1
automountServiceAccountToken: false
containers:
  - { name: app, image: 'sampan/busybox:1', command: [busybox, sleep, "1000000"], volumeMounts: [{ name: data, mountPath: /data${mount} }] }
volumes: [{ name: data, persistentVolumeClaim: { claimName: ${claimName} } }]
`;
}

function pod(name: string, claimName: string, mount = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: { app: ${name} } }\nspec:\n${indent(podSpec(claimName, mount), 2)}`;
}

function controller(name: string, claimName: string): string {
  return `apiVersion: v1
kind: ReplicationController
metadata: { name: ${name} }
spec:
  replicas: 1
  template:
    metadata: { labels: { app: ${name} } }
    spec:
${indent(podSpec(claimName), 6)}`;
}

function indent(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}

describe('claims', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let kubectl: DaemonKubectl | undefined;
  let folder: string;

  const declare = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const undeclare = (file: string) => rmSync(join(folder, file));
  const appOf = (podName: RegExp, not?: string) =>
    eventually(
      async () =>
        (await runningContainers(dockerd)).find(
          ({ container, pod: name, id }) => container === 'app' && podName.test(name) && id !== not,
        )?.id,
      { describe: `a pod ${podName} to run`, timeoutMs: 30_000 },
    );
  const inApp = async (id: string, script: string) =>
    (await dockerd.cli('exec', id, 'busybox', 'sh', '-c', script)).trim();
  const gone = (path: string) =>
    eventually(
      async () =>
        !(await sampan.api.list(path.slice(0, path.lastIndexOf('/')))).some(({ metadata }) =>
          path.endsWith(`/${metadata.name}`),
        ),
      { describe: `${path} to go`, timeoutMs: 30_000 },
    );
  const phaseOf = async (path: string) => (await sampan.api.get(path)).status.phase as string;
  const isGoing = async (name: string) => 'deletionTimestamp' in (await sampan.api.get(`${CLAIMS}/${name}`)).metadata;
  const volumeOf = async (name: string): Promise<KubeObject> => {
    const { spec } = await sampan.api.get(`${CLAIMS}/${name}`);
    return sampan.api.get(`${VOLUMES}/${spec.volumeName}`);
  };
  const told = async (name: string) =>
    (await sampan.api.list('/api/v1/namespaces/default/events'))
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  const folders = () => readdirSync(join(sampan.dataDir, 'claims'));

  before('a node', async () => {
    const node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    folder = await bed.dir();
    declare('db-claim.yaml', claim('db'));
    sampan = await bed.sampan(dockerd, { sources: [folder] });
    kubectl = daemonKubectl('1.32', { netns: node, sampan, home: await bed.dir() });
  });

  it('wait for the first pod, and say so', async () => {
    await eventually(async () => (await told('db')).some((each) => each.startsWith('WaitForFirstConsumer: ')), {
      describe: 'the event',
    });
    const { spec, status } = await sampan.api.get(`${CLAIMS}/db`);
    assert.deepEqual([spec.storageClassName, status.phase], ['local', 'Pending']);
    assert.equal(existsSync(join(sampan.dataDir, 'claims')), false);
  });

  it('are a folder on the node of that pod, for everybody to write to', async () => {
    declare('db.yaml', controller('db', 'db'));
    const app = await appOf(/^db-/);
    await inApp(app, 'echo one > /data/log');
    assert.equal(await phaseOf(`${CLAIMS}/db`), 'Bound');
    const volume = await volumeOf('db');
    assert.equal(volume.status.phase, 'Bound');
    assert.equal(readFileSync(join(volume.spec.local.path, 'log'), 'utf8'), 'one\n');
    assert.equal(statSync(volume.spec.local.path).mode & 0o777, 0o777);
    assert.equal(statSync(join(sampan.dataDir, 'claims')).mode & 0o777, 0o700);
    await eventually(
      async () =>
        (await told('db')).includes(`ProvisioningSucceeded: Successfully provisioned volume ${volume.metadata.name}`),
      { describe: 'the event' },
    );
  });

  it('read right in kubectl', async function () {
    if (kubectl === undefined) return this.skip();
    const { metadata } = await volumeOf('db');
    assert.match(await kubectl.run('get', 'pvc'), new RegExp(`db +Bound +${metadata.name} +1Gi +RWO +local `));
    assert.match(await kubectl.run('get', 'pv'), /1Gi +RWO +Delete +Bound +default\/db +local /);
    assert.match(
      await kubectl.run('get', 'sc'),
      /local \(default\) +sampan.dev\/local +Delete +WaitForFirstConsumer +true/,
    );
    assert.match(await kubectl.run('describe', 'pvc', 'db'), /Used By: +db-/);
    assert.match(await kubectl.run('describe', 'pv', metadata.name), /Term 0: +kubernetes.io\/hostname in \[/);
  });

  it('keep what is in them when the pod is replaced and the daemon is killed', async () => {
    const first = await appOf(/^db-/);
    await sampan.stop('SIGKILL');
    await sampan.start();
    assert.equal(await appOf(/^db-/), first);
    const [old] = await sampan.api.list(PODS);
    await sampan.api.delete(`${PODS}/${old?.metadata.name}`);
    const second = await appOf(/^db-/, first);
    assert.equal(await inApp(second, 'cat /data/log && echo two >> /data/log'), 'one');
  });

  it('outlive the prune of everything that uses them', async () => {
    const { path } = (await volumeOf('db')).spec.local;
    undeclare('db.yaml');
    await eventually(async () => (await sampan.api.list(PODS)).length === 0, {
      describe: 'the pod to go',
      timeoutMs: 30_000,
    });
    assert.equal(await phaseOf(`${CLAIMS}/db`), 'Bound');
    assert.equal(readFileSync(join(path, 'log'), 'utf8'), 'one\ntwo\n');
  });

  it('are not deleted under a pod, and take what they hold with them when it is gone', async () => {
    const { path } = (await volumeOf('db')).spec.local;
    const { name } = (await volumeOf('db')).metadata;
    declare('web.yaml', pod('web', 'db'));
    const app = await appOf(/^web$/);
    undeclare('db-claim.yaml');
    await eventually(() => isGoing('db'), { describe: 'the claim to be pruned' });
    assert.equal(await inApp(app, 'cat /data/log && ls /data'), 'one\ntwo\nlog');
    undeclare('web.yaml');
    await gone(`${CLAIMS}/db`);
    await gone(`${VOLUMES}/${name}`);
    assert.equal(existsSync(path), false);
    assert.deepEqual(folders(), []);
  });

  describe('of other sorts', () => {
    let byHand: string;

    before('three pods at once', async () => {
      byHand = join(await bed.dir(), 'by-hand');
      mkdirSync(join(byHand, 'part'), { recursive: true });
      writeFileSync(join(byHand, 'part', 'thing'), 'old\n');
      await sampan.api.create('/apis/storage.k8s.io/v1/storageclasses', {
        metadata: { name: 'kept' },
        ...{ provisioner: 'sampan.dev/local', reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' },
      });
      declare('kept.yaml', `${claim('kept', ', storageClassName: kept')}---\n${pod('keeper', 'kept')}`);
      declare('stays.yaml', claim('stays', '', '{ sampan.dev/prune: disabled }'));
      const volume = `apiVersion: v1
kind: PersistentVolume
metadata: { name: by-hand }
spec: { capacity: { storage: 5Gi }, accessModes: [ReadWriteOnce], hostPath: { path: '${byHand}', type: Directory } }
`;
      const hand = pod('hand', 'hand', ', subPath: part, readOnly: true');
      declare('hand.yaml', `${volume}---\n${claim('hand', ', storageClassName: ""')}---\n${hand}`);
      const scratch = { accessModes: ['ReadWriteOncePod'], resources: { requests: { storage: '1Mi' } } };
      const container = { name: 'app', image: 'sampan/busybox:1', command: ['busybox', 'sleep', '1000000'] };
      await sampan.api.create(PODS, {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          securityContext: { fsGroup: 4242 },
          containers: [{ ...container, volumeMounts: [{ name: 'scratch', mountPath: '/data' }] }],
          volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: scratch } } }],
        },
      });
    });

    it('leave what they hold behind where their class says Retain, and stay where their annotation says so', async () => {
      await inApp(await appOf(/^keeper$/), 'echo precious > /data/thing');
      const volume = await volumeOf('kept');
      undeclare('kept.yaml');
      undeclare('stays.yaml');
      await gone(`${CLAIMS}/kept`);
      const path = `${VOLUMES}/${volume.metadata.name}`;
      await eventually(async () => (await phaseOf(path)) === 'Released', { describe: 'the volume to be released' });
      await sampan.api.delete(path);
      await gone(path);
      assert.equal(readFileSync(join(volume.spec.local.path, 'thing'), 'utf8'), 'precious\n');
      assert.equal(await isGoing('stays'), false);
    });

    it('find volumes that were made by hand, for reading only and in part', async () => {
      const app = await appOf(/^hand$/);
      assert.equal(await inApp(app, 'cat /data/thing'), 'old');
      await assert.rejects(inApp(app, 'touch /data/new'), /Read-only file system/);
      const bound = await sampan.api.get(`${CLAIMS}/hand`);
      assert.deepEqual([bound.spec.volumeName, bound.status.capacity], ['by-hand', { storage: '5Gi' }]);
      undeclare('hand.yaml');
      await gone(`${CLAIMS}/hand`);
      await gone(`${VOLUMES}/by-hand`);
      assert.equal(readFileSync(join(byHand, 'part', 'thing'), 'utf8'), 'old\n');
    });

    it('are made for a pod that asks for one of its own, belong to its group, and go with it', async () => {
      await inApp(await appOf(/^own$/), 'echo mine > /data/thing');
      const { metadata, spec } = await volumeOf('own-scratch');
      const [folderOf, file] = [statSync(spec.local.path), statSync(join(spec.local.path, 'thing'))];
      assert.deepEqual([folderOf.gid, folderOf.mode & 0o7777, file.gid], [4242, 0o2777, 4242]);
      await sampan.api.delete(`${PODS}/own`);
      await gone(`${CLAIMS}/own-scratch`);
      await gone(`${VOLUMES}/${metadata.name}`);
      assert.equal(existsSync(spec.local.path), false);
    });

    it('stay where they are when the daemon is cleaned up', async () => {
      const before = folders();
      assert.equal(before.length, 1);
      await sampan.stop();
      await sampan.cli('cleanup');
      assert.deepEqual(folders(), before);
    });
  });
});
