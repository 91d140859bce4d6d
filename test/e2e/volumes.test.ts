/** What a container reads of its volumes on a real engine: its account's token, good for the API server, and configuration that changes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { environmentOf, runningContainers, runningIds } from './harness/kube-containers.ts';
import { run } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** As a client library in a pod does: asks the Service `kubernetes`, believing only what the volume holds. */
const ASK_API = `
  const { readFileSync } = require('node:fs');
  const [folder, host, token = readFileSync(folder + '/token', 'utf8')] = process.argv.slice(1);
  const options = { ca: readFileSync(folder + '/ca.crt'), headers: { authorization: 'Bearer ' + token } };
  require('node:https').get('https://' + host + ':443/version', options, (response) => {
    response.resume();
    console.log(response.statusCode);
  });
`;

function manifests(color: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: ${color} }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: app
      image: sampan/busybox:1
      command: [busybox, sleep, "1000000"]
      volumeMounts: [{ name: all, mountPath: /etc/all }]
  volumes:
    - name: all
      projected:
        sources:
          - configMap: { name: settings, items: [{ key: color, path: conf/color, mode: 0400 }] }
          - downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] }
          - secret: { name: keys, optional: true }
`;
}

describe('volumes', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let folder: string;

  const appId = () =>
    eventually(
      async () =>
        (await runningContainers(dockerd)).find(({ container, pod }) => container === 'app' && pod === 'web')?.id,
      { describe: 'the app to run', timeoutMs: 30_000 },
    );
  const inApp = async (...command: string[]) => dockerd.cli('exec', await appId(), 'busybox', ...command);
  /** On the machine, of what the app has mounted. */
  const sourceOf = async (target: string) =>
    (
      await dockerd.cli(
        'inspect',
        '--format',
        `{{range .Mounts}}{{if eq .Destination "${target}"}}{{.Source}}{{end}}{{end}}`,
        await appId(),
      )
    ).trim();
  const pidOf = async () => (await dockerd.cli('inspect', '--format', '{{.State.Pid}}', await appId())).trim();

  before('a node with a pod', async () => {
    const node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    folder = await bed.dir();
    await writeFile(join(folder, 'web.yaml'), manifests('blue'));
    sampan = await bed.sampan(dockerd, { sources: [folder] });
    await appId();
  });

  it("hold the account's token, the authority and the namespace, for reading only", async () => {
    assert.equal(await inApp('cat', `${ACCOUNT}/namespace`), 'default');
    assert.match(await inApp('cat', `${ACCOUNT}/ca.crt`), /^-----BEGIN CERTIFICATE-----/);
    const [, claims = ''] = (await inApp('cat', `${ACCOUNT}/token`)).split('.');
    const { sub, exp, iat, 'kubernetes.io': bound } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    assert.equal(sub, 'system:serviceaccount:default:default');
    assert.equal(exp - iat, 3607);
    assert.equal(bound.pod.name, 'web');
    await assert.rejects(inApp('touch', `${ACCOUNT}/token`), /Read-only file system/);
    await assert.rejects(inApp('touch', '/etc/all/new'), /Read-only file system/);
  });

  it('let a container speak to the API server through the Service kubernetes', async () => {
    const pid = await pidOf();
    const variables = await environmentOf(dockerd, await appId());
    const host = variables.find((each) => each.startsWith('KUBERNETES_SERVICE_HOST='))?.split('=')[1] ?? '';
    const enter = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, '-e', ASK_API, '--'];
    const ask = async (...token: string[]) =>
      (await run('nsenter', [...enter, `/proc/${pid}/root${ACCOUNT}`, host, ...token])).trim();
    await eventually(async () => (await ask()) === '200', { describe: 'the API server to take the token' });
    assert.equal(await ask('forged'), '401');
  });

  it('hold configuration with its modes, and what a pod is called', async () => {
    assert.equal(await inApp('cat', '/etc/all/conf/color'), 'blue');
    assert.equal(await inApp('cat', '/etc/all/labels'), 'app="web"');
    assert.equal((await inApp('stat', '-L', '-c', '%a', '/etc/all/conf/color')).trim(), '400');
    assert.equal((await inApp('stat', '-L', '-c', '%a', `${ACCOUNT}/token`)).trim(), '644');
  });

  it('show a changed ConfigMap, and a Secret that comes later, within seconds, while the container runs on', async () => {
    const id = await appId();
    await writeFile(join(folder, 'web.yaml'), manifests('red'));
    await eventually(async () => (await inApp('cat', '/etc/all/conf/color')) === 'red', {
      describe: 'the change to be seen',
      timeoutMs: 5_000,
    });
    const metadata = { name: 'keys' };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: 'hush' } };
    await sampan.api.create('/api/v1/namespaces/default/secrets', secret);
    await eventually(async () => (await inApp('cat', '/etc/all/password')) === 'hush', {
      describe: 'the secret to be seen',
      timeoutMs: 5_000,
    });
    assert.equal(await appId(), id);
  });

  it('lie in memory, where only the daemon may enter', async () => {
    const source = await sourceOf(ACCOUNT);
    assert.equal((await run('stat', ['-f', '-c', '%T', source])).trim(), 'tmpfs');
    assert.equal(statSync(join(source, '..')).mode & 0o777, 0o700);
  });

  it('stay as they are when the daemon is restarted or killed', async () => {
    const ids = await runningIds(dockerd);
    const token = await inApp('cat', `${ACCOUNT}/token`);
    await sampan.stop();
    await sampan.start();
    await sampan.stop('SIGKILL');
    await sampan.start();
    await eventually(
      async () => (await sampan.api.get('/api/v1/namespaces/default/pods/web')).status.phase === 'Running',
      {
        describe: 'the pod to be seen',
      },
    );
    assert.deepEqual(await runningIds(dockerd), ids);
    assert.equal(await inApp('cat', `${ACCOUNT}/token`), token);
  });

  it('keep a pod waiting for what is not there, and say what that is', async () => {
    const volume = { name: 'all', projected: { sources: [{ configMap: { name: 'missing' } }] } };
    const container = { name: 'app', image: 'sampan/busybox:1', volumeMounts: [{ name: 'all', mountPath: '/x' }] };
    await sampan.api.create('/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'waits' },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ ...container, command: ['busybox', 'sleep', '1000000'] }],
        volumes: [volume],
      },
    });
    await eventually(
      async () => {
        const events = await sampan.api.list('/api/v1/namespaces/default/events');
        return events.some(
          ({ reason, message }) =>
            reason === 'FailedMount' &&
            message === 'MountVolume.SetUp failed for volume "all" : configmap "missing" not found',
        );
      },
      { describe: 'the event that says why' },
    );
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'missing' }, data: { a: 'b' } };
    await sampan.api.create('/api/v1/namespaces/default/configmaps', map);
    await eventually(async () => (await runningContainers(dockerd)).some(({ pod }) => pod === 'waits'), {
      describe: 'the pod to start',
    });
  });

  it('go with their pods, and with sampan cleanup', async () => {
    const root = join(await sourceOf(ACCOUNT), '../../..');
    assert.equal(readdirSync(root).length, 2);
    await sampan.api.delete('/api/v1/namespaces/default/pods/waits');
    await eventually(() => readdirSync(root).length === 1, {
      describe: 'the volumes to be removed',
      timeoutMs: 60_000,
    });
    await sampan.stop();
    await sampan.cli('cleanup');
    assert.equal(existsSync(root), false);
  });
});
