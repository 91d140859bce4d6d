import assert from 'node:assert/strict';
import { MemoryStore } from '../../../daemon/adapters/memory-store.ts';
import { NamespaceExists } from '../../../reconcilers/kit/registry/admission/namespace-exists.ts';
import { PodServiceAccount } from '../../../reconcilers/kit/registry/admission/pod-service-account.ts';
import { Registry } from '../../../reconcilers/kit/registry/registry.ts';
import type { ServiceAccount } from '../../../reconcilers/objects/kinds/service-account.ts';
import type { Pod, PodSpec } from '../../../reconcilers/objects/pod.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { draftPod } from '../../fakes/objects.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

async function registry({ isApiReachable = true } = {}): Promise<Registry> {
  const clock = new FakeClock();
  const random = new SeededRandom();
  const store = new MemoryStore(clock);
  const admissions = [new NamespaceExists(store), new PodServiceAccount({ isApiReachable }, { store, random })];
  const made = new Registry({ store, clock, random, admissions });
  const metadata = { name: 'default' };
  await made.create('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata,
    spec: {},
    status: { phase: 'Active' },
  });
  return made;
}

async function account(client: Registry, name: string, settings: Partial<ServiceAccount> = {}): Promise<void> {
  const metadata = { name, namespace: 'default' };
  await client.create('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, ...settings });
}

function create(client: Registry, spec: Partial<PodSpec> = {}): Promise<Pod> {
  return client.create('Pod', draftPod('web', 'web', spec));
}

describe("a new pod's ServiceAccount", () => {
  it('is default where none is named, and mounted read-only into every container', async () => {
    const client = await registry();
    await account(client, 'default');
    const sidecar = { name: 'sidecar', image: 'side:1' };
    const { spec } = await create(client, { containers: [{ name: 'web', image: 'web:1' }, sidecar] });
    assert.equal(spec.serviceAccountName, 'default');
    assert.equal(spec.serviceAccount, 'default');
    const [volume] = spec.volumes ?? [];
    assert.match(volume?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(volume?.projected, {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    });
    for (const { volumeMounts } of spec.containers) {
      assert.deepEqual(volumeMounts, [{ name: volume?.name, readOnly: true, mountPath: PATH }]);
    }
  });

  it('gives it the secrets its images are pulled with, unless it names some itself', async () => {
    const client = await registry();
    const imagePullSecrets = [{ name: 'registry' }, { name: 'mirror' }];
    await account(client, 'default', { imagePullSecrets });
    assert.deepEqual((await create(client)).spec.imagePullSecrets, imagePullSecrets);
    const own = [{ name: 'own' }];
    const other = await client.create('Pod', draftPod('other', 'web', { imagePullSecrets: own }));
    assert.deepEqual(other.spec.imagePullSecrets, own);
  });

  it('is refused where it does not exist, in words that name it', async () => {
    const client = await registry();
    await assert.rejects(create(client, { serviceAccountName: 'builder' }), (error) => {
      assert.ok(isSampanError(error, 'Forbidden'));
      assert.equal(
        error.message,
        'pods "web" is forbidden: error looking up service account default/builder: serviceaccount "builder" not found',
      );
      return true;
    });
  });

  it('may be the default one before its loop has made it', async () => {
    const { spec } = await create(await registry());
    assert.equal(spec.serviceAccountName, 'default');
    assert.equal(spec.volumes?.length, 1);
  });

  it('may be named by the older field', async () => {
    const client = await registry();
    await account(client, 'builder');
    const { spec } = await create(client, { serviceAccount: 'builder' });
    assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ['builder', 'builder']);
  });

  const automount: [string, boolean | undefined, boolean | undefined, boolean][] = [
    ['neither says anything', undefined, undefined, true],
    ['the account says no', false, undefined, false],
    ['the pod says no', true, false, false],
    ['the pod says yes and the account no', false, true, true],
  ];
  for (const [when, ofAccount, ofPod, mounted] of automount) {
    it(`${mounted ? 'is mounted' : 'is not mounted'} where ${when}`, async () => {
      const client = await registry();
      await account(client, 'default', ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount });
      const { spec } = await create(client, ofPod === undefined ? {} : { automountServiceAccountToken: ofPod });
      assert.equal(spec.volumes?.length ?? 0, mounted ? 1 : 0);
    });
  }

  it('is not mounted where pods cannot reach the API server', async () => {
    const { spec } = await create(await registry({ isApiReachable: false }));
    assert.equal(spec.serviceAccountName, 'default');
    assert.equal(spec.volumes, undefined);
    assert.equal(spec.containers[0]?.volumeMounts, undefined);
  });

  it('leaves a container alone that mounts the path itself, and takes a volume that is there for it', async () => {
    const client = await registry();
    const own = { name: 'kube-api-access-mine', projected: { defaultMode: 0o400, sources: [] } };
    const mine = [{ name: own.name, mountPath: PATH }];
    const containers = [
      { name: 'own', image: 'web:1', volumeMounts: mine },
      { name: 'other', image: 'web:1' },
    ];
    const { spec } = await create(client, { containers, volumes: [own] });
    assert.deepEqual(spec.volumes, [own]);
    assert.deepEqual(spec.containers[0]?.volumeMounts, mine);
    assert.deepEqual(spec.containers[1]?.volumeMounts, [{ name: own.name, readOnly: true, mountPath: PATH }]);
  });

  it('of a pod that exists already is nobody else, and a pod that never had one may be told', async () => {
    const client = await registry();
    await account(client, 'builder');
    const pod = await create(client);
    const other = { ...pod, spec: { ...pod.spec, serviceAccountName: 'builder', serviceAccount: 'builder' } };
    await assert.rejects(client.update('Pod', other), (error) => isSampanError(error, 'Invalid'));

    const { serviceAccountName: _, serviceAccount: __, ...bare } = pod.spec;
    const old = await client.modify('Pod', { namespace: 'default', name: 'web' }, (each) => ({ ...each, spec: bare }), {
      part: 'whole',
    });
    assert.equal(old.spec.serviceAccountName, undefined);
    const told = { ...old, spec: { ...old.spec, serviceAccountName: 'default', automountServiceAccountToken: false } };
    assert.equal((await client.update('Pod', told)).spec.automountServiceAccountToken, false);
  });
});
