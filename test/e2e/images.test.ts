/**
 * Images from a real registry, with TLS and a password: pulled with the secrets of pods and of their accounts or with the node's logins,
 * once for all who wait, and cleaned up when the disk is said to be full; never what somebody built here.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { ACCOUNT, type Registry, startRegistry } from './harness/registry.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const AUTH = Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64');
const POLICIES = { Always: 'Always', IfNotPresent: 'IfNotPresent', Never: 'Never' } as const;

/** With all that a pod may say of how its image comes. */
interface Wish {
  readonly secrets?: readonly string[];
  readonly account?: string;
  readonly policy?: keyof typeof POLICIES;
}

describe('images', () => {
  const bed = useTestBed(['ip', 'nsenter', 'dockerd', 'containerd', 'docker', 'busybox', 'docker-registry']);
  let registry: Registry;
  let dockerd: Dockerd;
  let sampan: Sampan;
  let login: string;
  let folder: string;

  const inNamespace = (plural: string) => `/api/v1/namespaces/default/${plural}`;
  const ref = (name: string) => `${registry.host}/${name}`;
  const dockerConfig = (host: string) => JSON.stringify({ auths: { [host]: { auth: AUTH } } });
  const present = async (image: string) =>
    (await dockerd.api.send<{ Id: string }>({ path: `/images/${image}/json` })).Id;
  const isGone = (image: string) =>
    present(image).then(
      () => false,
      () => true,
    );

  let published = 0;
  /** Builds it from a scratch image, pushes it, and takes it away from here; answers its digest. */
  const publish = async (name: string): Promise<string> => {
    // One instruction, and an image of its own: the number differs.
    published += 1;
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM sampan/busybox:1\nCMD ["busybox", "sleep", "${1e6 + published}"]\n`,
    );
    await dockerd.cli('build', '--quiet', '--tag', ref(name), folder);
    const pushed = await dockerd.cli('--config', login, 'push', ref(name));
    await dockerd.cli('rmi', ref(name));
    return /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1] ?? '';
  };

  const addPod = (name: string, image: string, { secrets = [], account, policy }: Wish = {}) =>
    sampan.api.create(inNamespace('pods'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image, ...(policy && { imagePullPolicy: policy }) }],
        ...(secrets.length > 0 && { imagePullSecrets: secrets.map((secret) => ({ name: secret })) }),
        ...(account && { serviceAccountName: account }),
      },
    });
  const addSecret = (name: string, host = registry.host) =>
    sampan.api.create(inNamespace('secrets'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': dockerConfig(host) },
    });
  const stateOf = async (name: string) => {
    const { status } = await sampan.api.get(inNamespace(`pods/${name}`));
    return status.containerStatuses?.[0]?.state ?? {};
  };
  const untilRuns = (...names: string[]) =>
    eventually(
      async () => {
        const states = await Promise.all(names.map(stateOf));
        assert.ok(
          states.every(({ running }) => running !== undefined),
          JSON.stringify(states),
        );
        return true;
      },
      { describe: `${names.join(', ')} to run`, timeoutMs: 20_000 },
    );
  const untilWaits = (name: string, reason: string) =>
    eventually(
      async () => {
        const { waiting } = await stateOf(name);
        assert.equal(waiting?.reason, reason);
        return String(waiting.message);
      },
      { describe: `${name} to wait with ${reason}`, timeoutMs: 20_000 },
    );
  const eventsOf = async (name: string) => {
    const events = await sampan.api.list(inNamespace('events'));
    return events.filter(({ involvedObject }) => involvedObject.name === name);
  };
  /** Why its image could not be pulled. */
  const untilFailed = (name: string) =>
    eventually(
      async () => {
        const failed = (await eventsOf(name)).map(({ message }) =>
          /^Failed to pull image "[^"]+": (.*)$/s.exec(message),
        );
        return failed.find((match) => match !== null)?.[1];
      },
      { describe: `the pull of ${name} to fail`, timeoutMs: 20_000 },
    );
  const untilTold = (name: string, reason: string) =>
    eventually(async () => (await eventsOf(name)).find((event) => event.reason === reason), {
      describe: `the event ${reason} of ${name}`,
    });

  let digest: string;
  before('a registry with images, and a node that has none of them', async () => {
    const lan = await bed.lan();
    const node = await bed.netns();
    await lan.join(node);
    registry = await startRegistry(lan.outside, '192.0.2.1', await bed.dir());
    dockerd = await bed.dockerd(node, { bridge: true });
    [folder, login] = [await bed.dir(), await bed.dir()];
    await writeFile(join(login, 'config.json'), dockerConfig(registry.host));
    await registry.trust();
    digest = await publish('app:1');
    for (const name of ['shared:1', 'account:1', 'late:1', 'node/app:1']) await publish(name);
    const nodeLogin = await bed.dir();
    await writeFile(join(nodeLogin, 'config.json'), dockerConfig(`${registry.host}/node`));
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()], env: { DOCKER_CONFIG: nodeLogin } });
    await addSecret('login');
    await addSecret('same');
    await addSecret('elsewhere', 'registry.example');
  });
  after('the trust in the registry', () => registry?.distrust());

  it('are not pulled from a registry that Docker does not trust, in words that say what to do', async () => {
    await registry.distrust();
    await addPod('untrusting', ref('app:1'), { secrets: ['login'] });
    const message = await untilFailed('untrusting');
    const file = `/etc/docker/certs.d/${registry.host}/ca.crt`;
    assert.ok(message.includes('does not know who signed the certificate') && message.includes(file), message);
    await registry.trust();
    await sampan.api.delete(inNamespace('pods/untrusting'));
  });

  it('come with the secret of a pod, by tag, by digest and by both', async () => {
    await addPod('by-tag', ref('app:1'), { secrets: ['elsewhere', 'login'] });
    await untilRuns('by-tag');
    await addPod('by-digest', `${ref('app')}@${digest}`, { secrets: ['login'] });
    await addPod('by-both', `${ref('app:none')}@${digest}`, { secrets: ['login'], policy: 'Always' });
    await untilRuns('by-digest', 'by-both');
    const pulled = await untilTold('by-tag', 'Pulled');
    assert.match(
      pulled.message,
      /^Successfully pulled image ".*app:1" in [\d.]+m?s \(.* including waiting\)\. Image size: \d+ bytes\.$/,
    );
  });

  it("come with the secrets of the pod's account", async () => {
    const metadata = { name: 'puller' };
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata, imagePullSecrets: [{ name: 'login' }] };
    await sampan.api.create(inNamespace('serviceaccounts'), account);
    const pod = await addPod('of-account', ref('account:1'), { account: 'puller' });
    assert.deepEqual(pod.spec.imagePullSecrets, [{ name: 'login' }]);
    await untilRuns('of-account');
  });

  it('come with what docker login left on the node, where it is for them', async () => {
    await addPod('of-node', ref('node/app:1'));
    await untilRuns('of-node');
  });

  it('are waited for without credentials, and come when the secret does', async () => {
    await addPod('late', ref('late:1'), { secrets: ['comes-later'] });
    const why = `${registry.host} refuses the image without credentials, and no pull secret has any for it`;
    assert.ok((await untilFailed('late')).startsWith(`${why} (Docker: `));
    const backOff = await untilWaits('late', 'ImagePullBackOff');
    assert.ok(backOff.startsWith(`Back-off pulling image "${ref('late:1')}": ErrImagePull: ${why}`), backOff);
    const { message } = await untilTold('late', 'FailedToRetrieveImagePullSecret');
    assert.equal(
      message,
      'Unable to retrieve some image pull secrets (comes-later); attempting to pull the image may not succeed.',
    );
    await addSecret('comes-later');
    await untilRuns('late');
  });

  it('that nobody has are said to be missing, each for its reason', async () => {
    await addPod('unknown', ref('app:2'), { secrets: ['login'] });
    await addPod('never', ref('shared:1'), { secrets: ['login'], policy: 'Never' });
    await addPod('nobody', '127.0.0.1:1/app:1');
    await addPod('malformed', 'Some Image');
    assert.match(await untilFailed('unknown'), /has no such image \(Docker: manifest for .* not found/);
    assert.match(await untilWaits('never', 'ErrImageNeverPull'), /is not present with pull policy of Never$/);
    assert.match(await untilFailed('nobody'), /^nothing answers at 127\.0\.0\.1:1 \(Docker: /);
    assert.match(await untilWaits('malformed', 'InvalidImageName'), /invalid reference format/);
    for (const name of ['unknown', 'never', 'nobody', 'malformed'])
      await sampan.api.delete(inNamespace(`pods/${name}`));
  });

  it('are asked for once by all who wait with the same credentials', async () => {
    const names = ['one', 'two', 'three'];
    await Promise.all(
      names.map((name, i) => addPod(name, ref('shared:1'), { secrets: [i % 2 === 0 ? 'login' : 'same'] })),
    );
    await untilRuns(...names);
    const asked = registry.served().filter((line) => line.includes('/v2/shared/manifests/'));
    assert.deepEqual(
      asked.map((line) => line.replace(/@?sha256:.*/, 'DIGEST')),
      ['HEAD /v2/shared/manifests/1', 'GET /v2/shared/manifests/DIGEST'],
    );
  });

  it('are listed in the status of their node', async () => {
    const [node] = await sampan.api.list('/api/v1/nodes');
    const names = (node?.status.images ?? []).flatMap((image: { names: string[] }) => image.names);
    assert.ok(names.includes(ref('shared:1')) && names.includes(`${ref('app')}@${digest}`), names.join(' '));
  });

  it('betray no password: neither to containers nor in what is logged, told or stored', async () => {
    const ids = (await dockerd.cli('ps', '--all', '--quiet')).trim().split('\n');
    const objects = await Promise.all(
      ['pods', 'events', 'serviceaccounts'].map((kind) => sampan.api.list(inNamespace(kind))),
    );
    const said = [
      await dockerd.cli('inspect', ...ids),
      readFileSync(sampan.logFile, 'utf8'),
      JSON.stringify(objects),
      readFileSync(join(sampan.dataDir, 'images.json'), 'utf8'),
    ];
    for (const text of said) assert.ok(!text.includes(ACCOUNT.password) && !text.includes(AUTH), text.slice(0, 200));
    assert.equal(statSync(join(sampan.dataDir, 'images.json')).mode & 0o777, 0o600);
  });

  describe('of which the disk is too full', () => {
    before('a daemon for which any disk is', async () => {
      await dockerd.cli('tag', ref('late:1'), 'mine:1');
      for (const name of ['late', 'of-account']) await sampan.api.delete(inNamespace(`pods/${name}`));
      await sampan.stop();
      const args = ['--image-gc-high-threshold=1', '--image-gc-low-threshold=0', '--minimum-image-ttl-duration=1s'];
      sampan = await bed.sampan(dockerd, { sources: [await bed.dir()], args, dataDir: sampan.dataDir });
    });

    it('go when nobody uses them, and were pulled by the daemon', async () => {
      await eventually(() => isGone(ref('account:1')), { describe: 'the unused image to go' });
      await sampan.api.delete(inNamespace('pods/of-node'));
      await eventually(() => isGone(ref('node/app:1')), { describe: 'the image of a deleted pod to go' });
    });

    it('stay when they are in use, built or tagged here, and people are told that it is not enough', async () => {
      const { message } = await untilTold(
        (await sampan.api.list('/api/v1/nodes'))[0]?.metadata.name ?? '',
        'FreeDiskSpaceFailed',
      );
      assert.match(
        message,
        /^Failed to garbage collect required amount of images\. Attempted to free \d+ bytes, but only found \d+ bytes/,
      );
      for (const name of ['shared:1', 'late:1', 'app:1']) await present(ref(name));
      for (const name of ['mine:1', 'sampan/busybox:1', 'sampan/pause:1']) await present(name);
      await untilRuns('one', 'by-tag', 'by-digest', 'by-both');
    });
  });
});
