import assert from 'node:assert/strict';
import { type Container, type PodSpec, TERMINATION_MESSAGE_PATH } from '../../../reconcilers/objects/pod.ts';
import type { DownwardFile, Volume, VolumeMount } from '../../../reconcilers/objects/volumes.ts';
import { KubeletBed } from './kubelet-bed.ts';

const key = (name: string) => ({ namespace: 'default', name });
const base64 = (text: string) => Buffer.from(text).toString('base64');

function withContainer(container: Partial<Container>, spec: Partial<PodSpec> = {}): Partial<PodSpec> {
  return { containers: [{ name: 'web', image: 'web', ...container }], ...spec };
}

function withVolume(volume: Omit<Volume, 'name'>, mount: Partial<VolumeMount> = {}): Partial<PodSpec> {
  const volumeMounts = [{ name: 'v', mountPath: '/v', ...mount }];
  return withContainer({ volumeMounts }, { volumes: [{ name: 'v', ...volume }] });
}

async function addMap(bed: KubeletBed, data: Record<string, string>, name = 'settings'): Promise<void> {
  await bed.cluster.registry.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: key(name), data });
  await bed.settled();
}

async function addSecret(bed: KubeletBed, data: Record<string, string>, name = 'keys'): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: key(name), type: 'Opaque', data } as const;
  await bed.cluster.registry.create('Secret', secret);
  await bed.settled();
}

async function annotate(bed: KubeletBed, annotations: Record<string, string>): Promise<void> {
  await bed.cluster.registry.modify('Pod', key('web'), (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, annotations },
  }));
  await bed.settled();
}

async function specOf(bed: KubeletBed, name = 'web') {
  const spec = bed.runtime.specOf((await bed.container(name)).id);
  assert.ok(spec);
  return spec;
}

/** Without the files that every container has. */
async function mountsOf(bed: KubeletBed) {
  const ofItself = [TERMINATION_MESSAGE_PATH, '/etc/hosts'];
  return ((await specOf(bed)).mounts ?? []).filter(({ target }) => !ofItself.includes(target));
}

async function waiting(bed: KubeletBed) {
  const { reason, message } = (await bed.pod()).status.containerStatuses?.[0]?.state.waiting ?? {};
  return `${reason}: ${message}`;
}

const PASSWORD = { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } };
const IP = { name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } };

describe('kubelet: configuration', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    await bed.start();
  });
  afterEach(() => bed.stop());

  it('makes a container with variables from a Secret, which stay out of labels, events and logs', async () => {
    await addSecret(bed, { password: base64('hush') });
    await bed.addPod(withContainer({ env: [PASSWORD], command: ['run', '$(PASSWORD)'] }));
    const { env, entrypoint, labels } = await specOf(bed);
    assert.deepEqual(env, [{ name: 'PASSWORD', value: 'hush' }]);
    assert.deepEqual(entrypoint, ['run', 'hush']);
    const told = JSON.stringify([labels, bed.events, bed.log, await bed.pod()]);
    assert.doesNotMatch(told, /hush/);
  });

  it('waits for what a container is made from, says so once, and goes on at once when it comes', async () => {
    await bed.addPod(withContainer({ env: [PASSWORD], envFrom: [{ configMapRef: { name: 'settings' } }] }));
    assert.equal(await waiting(bed), 'CreateContainerConfigError: configmap "settings" not found');
    await bed.advance(600_000);
    await addMap(bed, { COLOR: 'blue' });
    assert.equal(await waiting(bed), 'CreateContainerConfigError: secret "keys" not found');
    await addSecret(bed, {});
    assert.equal(await waiting(bed), "CreateContainerConfigError: couldn't find key password in Secret default/keys");
    assert.deepEqual(await bed.summary(), ['POD_0 running']);
    await bed.cluster.registry.modify('Secret', key('keys'), (secret) => ({
      ...secret,
      data: { password: base64('hush') },
    }));
    await bed.settled();
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    const failures = bed.events.filter((event) => event.startsWith('Warning Failed '));
    assert.deepEqual(failures, ['Warning Failed Error: configmap "settings" not found']);
  });

  it('restarts nothing when a ConfigMap changes; the next container is made from what it is then', async () => {
    await addMap(bed, { COLOR: 'blue' });
    await bed.addPod(withContainer({ envFrom: [{ configMapRef: { name: 'settings' } }] }));
    await bed.cluster.registry.modify('ConfigMap', key('settings'), (map) => ({ ...map, data: { COLOR: 'red' } }));
    await bed.settled();
    assert.deepEqual((await specOf(bed)).env, [{ name: 'COLOR', value: 'blue' }]);
    bed.runtime.exit((await bed.container('web')).id, 1);
    await bed.settled();
    assert.deepEqual((await specOf(bed)).env, [{ name: 'COLOR', value: 'red' }]);
  });

  it("gives the pod's address to a container that asks for it, and that of the node on its network", async () => {
    await bed.addPod(withContainer({ env: [IP] }));
    const pause = await bed.container('POD');
    assert.ok(pause.ip);
    assert.deepEqual((await specOf(bed)).env, [{ name: 'IP', value: pause.ip }]);
    await bed.addPod({ ...withContainer({ name: 'other', env: [IP] }), hostNetwork: true }, 'other');
    assert.deepEqual((await specOf(bed, 'other')).env, [{ name: 'IP', value: '192.0.2.10' }]);
  });

  it('tells a container of limits that it does not declare what pods may use of the node', async () => {
    const limit = { name: 'MIB', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } };
    await bed.addPod(withContainer({ env: [limit] }));
    assert.deepEqual((await specOf(bed)).env, [{ name: 'MIB', value: '4096' }]);
  });

  it('has a folder for the pod, on a disk or in memory no larger than it may be, and takes it away with the pod', async () => {
    const { metadata } = await bed.addPod(withVolume({ emptyDir: {} }));
    assert.deepEqual(bed.files.folder(metadata.uid, 'v'), { medium: 'disk' });
    const [mount] = await mountsOf(bed);
    assert.deepEqual([mount?.target, mount?.readOnly], ['/v', false]);
    bed.runtime.exit((await bed.container('web')).id, 1);
    await bed.settled();
    assert.deepEqual(await mountsOf(bed), [mount]);
    await bed.cluster.registry.delete('Pod', key('web'), { gracePeriodSeconds: 1 });
    await bed.advance(2_000);
    assert.deepEqual(bed.files.heldUids, []);

    const sizes: [string | undefined, Record<string, string> | undefined, number][] = [
      ['1Mi', undefined, 2 ** 20],
      ['1Gi', { memory: '64Mi' }, 64 * 2 ** 20],
      [undefined, undefined, 4 * 2 ** 30],
    ];
    for (const [sizeLimit, limits, sizeBytes] of sizes) {
      const name = `pod-${sizeBytes}`;
      const { containers, volumes } = withVolume({ emptyDir: { medium: 'Memory', ...(sizeLimit && { sizeLimit }) } });
      const limited = (containers ?? []).map((each) => ({ ...each, ...(limits && { resources: { limits } }) }));
      const pod = await bed.addPod({ containers: limited, ...(volumes && { volumes }) }, name);
      assert.deepEqual(bed.files.folder(pod.metadata.uid, 'v'), { medium: 'memory', sizeBytes });
    }
  });

  it('waits for a path of the node, tries again, and leaves it where it is when the pod goes', async () => {
    await bed.addPod(withVolume({ hostPath: { path: '/srv/data', type: 'Directory' } }, { readOnly: true }));
    const failure = `Warning FailedMount MountVolume.SetUp failed for volume "v" : hostPath /srv/data doesn't exist`;
    assert.equal(bed.events.filter((event) => event === failure).length, 1);
    bed.files.machine.set('/srv/data', 'Directory');
    await bed.advance(1_000);
    assert.deepEqual(await mountsOf(bed), [{ source: '/srv/data', target: '/v', readOnly: true }]);
    await bed.cluster.registry.delete('Pod', key('web'), { gracePeriodSeconds: 1 });
    await bed.advance(2_000);
    assert.equal(bed.files.machine.get('/srv/data'), 'Directory');
  });

  it('mounts a part of a volume, named by the variables of the container', async () => {
    await addMap(bed, { PLACE: 'there' });
    const { volumes } = withVolume({ emptyDir: {} });
    const volumeMounts = [
      { name: 'v', mountPath: '/a', subPath: 'x/y' },
      { name: 'v', mountPath: '/b', subPathExpr: '$(POD)/$(PLACE)' },
    ];
    const pod = { name: 'POD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } };
    const container = { env: [pod], envFrom: [{ configMapRef: { name: 'settings' } }], volumeMounts };
    await bed.addPod(withContainer(container, volumes && { volumes }));
    const mounts = await mountsOf(bed);
    assert.deepEqual(
      mounts.map(({ source, target }) => [source.split('/volumes/')[1], target]),
      [
        ['v/x/y', '/a'],
        ['v/web/there', '/b'],
      ],
    );
  });

  const refused: [string, string][] = [
    ['$(ROOT)', 'error SubPath `/tmp` must not be an absolute path'],
    ['$(UP)', "unable to provision SubPath `..`: must not contain '..'"],
    ['$(NONE)/$(EMPTY)', 'missing value for EMPTY, NONE'],
  ];
  for (const [subPathExpr, problem] of refused) {
    it(`refuses a part of a volume: ${problem}`, async () => {
      const env = [
        { name: 'ROOT', value: '/tmp' },
        { name: 'UP', value: '..' },
        { name: 'EMPTY', value: '' },
      ];
      const spec = withVolume({ emptyDir: {} }, { subPathExpr });
      await bed.addPod({ ...spec, containers: (spec.containers ?? []).map((each) => ({ ...each, env })) });
      assert.equal(await waiting(bed), `CreateContainerConfigError: ${problem}`);
    });
  }

  it('goes on with a part of a volume when an annotation that names it comes', async () => {
    const note = {
      name: 'NOTE',
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.annotations['sub']" } },
    };
    const spec = withVolume({ emptyDir: {} }, { subPathExpr: '$(NOTE)' });
    await bed.addPod({ ...spec, containers: (spec.containers ?? []).map((each) => ({ ...each, env: [note] })) });
    assert.equal(await waiting(bed), 'CreateContainerConfigError: missing value for NOTE');
    await annotate(bed, { sub: 'there' });
    assert.ok((await mountsOf(bed))[0]?.source.endsWith('/there'));
  });

  it('shows a ConfigMap, a Secret and the pod as volumes of their own, and follows them', async () => {
    await addMap(bed, { color: 'blue' });
    await addSecret(bed, { password: base64('hush') });
    const labels = { path: 'labels', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } };
    const volumes: Volume[] = [
      { name: 'map', configMap: { name: 'settings', defaultMode: 0o400 } },
      { name: 'secret', secret: { secretName: 'keys', defaultMode: 0o644, items: [{ key: 'password', path: 'p' }] } },
      { name: 'self', downwardAPI: { defaultMode: 0o644, items: [labels] } },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    await bed.addPod(withContainer({ volumeMounts }, { volumes }));
    const mounts = await mountsOf(bed);
    assert.ok(mounts.every(({ readOnly }) => readOnly));
    const read = (at: number, path: string) => bed.files.read(mounts[at]?.source ?? '', path);
    assert.deepEqual(await read(0, 'color'), { text: 'blue', mode: 0o400 });
    assert.deepEqual(await read(1, 'p'), { text: 'hush', mode: 0o644 });
    assert.deepEqual(await read(2, 'labels'), { text: 'app="web"', mode: 0o644 });
    await bed.cluster.registry.modify('ConfigMap', key('settings'), (map) => ({ ...map, data: { color: 'red' } }));
    await bed.cluster.registry.modify('Pod', key('web'), (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'web', tier: 'front' } },
    }));
    await bed.settled();
    assert.equal((await read(0, 'color'))?.text, 'red');
    assert.equal((await read(2, 'labels'))?.text, 'app="web"\ntier="front"');
  });

  it('shows all sorts of content in one pod, in volumes of their own and in one, without mixing them up', async () => {
    await addMap(bed, { same: 'map' });
    await addSecret(bed, { same: base64('secret') }, 'settings');
    const name = { path: 'name', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } };
    const items = (path: string) => [{ key: 'same', path, mode: 0o400 }];
    const volumes: Volume[] = [
      { name: 'map', configMap: { name: 'settings', defaultMode: 0o644 } },
      { name: 'again', configMap: { name: 'settings', defaultMode: 0o600 } },
      { name: 'secret', secret: { secretName: 'settings', defaultMode: 0o644 } },
      {
        name: 'all',
        projected: {
          defaultMode: 0o640,
          sources: [
            { configMap: { name: 'settings', items: items('map') } },
            { secret: { name: 'settings', items: items('secret') } },
            { downwardAPI: { items: [name] } },
          ],
        },
      },
    ];
    const volumeMounts = volumes.map((each) => ({ name: each.name, mountPath: `/${each.name}` }));
    const { metadata } = await bed.addPod(withContainer({ volumeMounts }, { volumes }));
    const filesOf = (volume: string) =>
      (bed.files.content(metadata.uid, volume)?.files ?? []).map(
        ({ path, mode, data }) => `${path} ${mode.toString(8)} ${Buffer.from(data).toString()}`,
      );
    assert.deepEqual(
      volumes.map((each) => filesOf(each.name)),
      [['same 644 map'], ['same 600 map'], ['same 644 secret'], ['map 400 map', 'secret 400 secret', 'name 640 web']],
    );
  });

  it('follows optional ConfigMaps and Secrets as they come, change and go', async () => {
    const volumes: Volume[] = [
      { name: 'map', configMap: { name: 'settings', defaultMode: 0o644, optional: true } },
      { name: 'secret', secret: { secretName: 'keys', defaultMode: 0o644, optional: true } },
      {
        name: 'all',
        projected: {
          defaultMode: 0o644,
          sources: [
            { configMap: { name: 'settings', optional: true } },
            { secret: { name: 'keys', optional: true, items: [{ key: 'password', path: 'p' }] } },
          ],
        },
      },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    const { metadata } = await bed.addPod(withContainer({ volumeMounts }, { volumes }));
    const { id } = await bed.container('web');
    const shown = () =>
      volumes.map(({ name }) =>
        (bed.files.content(metadata.uid, name)?.files ?? [])
          .map(({ path, data }) => `${path}=${Buffer.from(data).toString()}`)
          .join(),
      );
    assert.deepEqual(shown(), ['', '', '']);
    await addMap(bed, { color: 'blue' });
    await addSecret(bed, { password: base64('hush') });
    assert.deepEqual(shown(), ['color=blue', 'password=hush', 'color=blue,p=hush']);
    await bed.cluster.registry.modify('ConfigMap', key('settings'), (map) => ({ ...map, data: { size: 'xl' } }));
    await bed.cluster.registry.modify('Secret', key('keys'), (secret) => ({ ...secret, data: {} }));
    await bed.settled();
    assert.deepEqual(shown(), ['size=xl', '', 'size=xl']);
    await bed.cluster.registry.delete('ConfigMap', key('settings'));
    await bed.settled();
    assert.deepEqual(shown(), ['', '', '']);
    assert.equal((await bed.container('web')).id, id);
  });

  it('takes a Secret of the namespace of the pod, whatever others are called', async () => {
    await bed.cluster.registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other' },
      spec: {},
      status: { phase: 'Active' },
    });
    await bed.cluster.registry.create('Secret', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'other', name: 'keys' },
      type: 'Opaque',
      data: { password: base64('theirs') },
    });
    await bed.addPod(withContainer({ env: [PASSWORD] }));
    assert.equal(await waiting(bed), 'CreateContainerConfigError: secret "keys" not found');
    await addSecret(bed, { password: base64('ours') });
    assert.deepEqual((await specOf(bed)).env, [{ name: 'PASSWORD', value: 'ours' }]);
  });

  it('gives files to the group of the pod, and its token to the user that its containers run as', async () => {
    await addSecret(bed, { password: base64('hush') });
    await bed.cluster.registry.create('ServiceAccount', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: key('default'),
    });
    const sources = [{ secret: { name: 'keys' } }, { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }];
    const spec = withVolume({ projected: { defaultMode: 0o440, sources } });
    const securityContext = { fsGroup: 1001, runAsUser: 1000 };
    const { metadata } = await bed.addPod({ ...spec, securityContext } as Partial<PodSpec>);
    const { group, files } = bed.files.content(metadata.uid, 'v') ?? {};
    assert.equal(group, 1001);
    assert.deepEqual(
      files?.map(({ path, mode, owner }) => [path, mode, owner]),
      [
        ['password', 0o440, undefined],
        ['token', 0o600, 1000],
      ],
    );
  });

  const tellsOfThePod = async (volumeOf: (items: DownwardFile[]) => Omit<Volume, 'name'>) => {
    const fields = ['metadata.name', 'metadata.labels', "metadata.annotations['note']"];
    const resources = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
    const ofContainer = (containerName: string) =>
      resources.map((resource) => ({
        path: `${containerName}/${resource}`,
        resourceFieldRef: { containerName, resource, divisor: resource.endsWith('cpu') ? '1m' : '1Mi' },
      }));
    const items: DownwardFile[] = [
      ...fields.map((fieldPath) => ({ path: fieldPath, fieldRef: { apiVersion: 'v1', fieldPath } })),
      ...ofContainer('web'),
      ...ofContainer('bare'),
    ];
    items[0] = { ...(items[0] as DownwardFile), mode: 0o400 };
    const declared = { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '250m', memory: '32Mi' } };
    const { volumes = [], containers = [] } = withVolume(volumeOf(items));
    const { metadata } = await bed.addPod({
      volumes,
      containers: [...containers.map((each) => ({ ...each, resources: declared })), { name: 'bare', image: 'other' }],
    });
    const shown = () =>
      (bed.files.content(metadata.uid, 'v')?.files ?? []).map(
        ({ data, mode }) => `${mode.toString(8)} ${Buffer.from(data).toString()}`,
      );
    const amounts = ['500', '64', '250', '32', '2000', '4096', '0', '0'].map((amount) => `640 ${amount}`);
    assert.deepEqual(shown(), ['400 web', '640 app="web"', '640 ', ...amounts]);
    await annotate(bed, { note: 'seen' });
    await bed.cluster.registry.modify('Pod', key('web'), (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { a: 'b' } },
    }));
    await bed.settled();
    assert.deepEqual(shown().slice(0, 3), ['400 web', '640 a="b"', '640 seen']);
  };

  it('tells of the pod and its resources in a projected volume', () =>
    tellsOfThePod((items) => ({ projected: { defaultMode: 0o640, sources: [{ downwardAPI: { items } }] } })));

  it('tells of the pod and its resources in a downward API volume', () =>
    tellsOfThePod((items) => ({ downwardAPI: { defaultMode: 0o640, items } })));

  it('mounts a part of every sort of content', async () => {
    await addMap(bed, { k: 'v' });
    await addSecret(bed, { k: base64('v') });
    const modes = { defaultMode: 0o644 };
    const volumes: Volume[] = [
      { name: 'map', configMap: { name: 'settings', ...modes } },
      { name: 'secret', secret: { secretName: 'keys', ...modes } },
      {
        name: 'self',
        downwardAPI: { items: [{ path: 'k', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }], ...modes },
      },
      { name: 'all', projected: { sources: [{ configMap: { name: 'settings' } }], ...modes } },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/etc/${name}`, subPath: 'k' }));
    await bed.addPod(withContainer({ volumeMounts }, { volumes }));
    assert.deepEqual(
      (await mountsOf(bed)).map(({ source, target, readOnly }) => [source.split('/volumes/')[1], target, readOnly]),
      volumes.map(({ name }) => [`${name}/k`, `/etc/${name}`, true]),
    );
  });
});
