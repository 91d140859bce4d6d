/**
 * What the tests declare, an app: a ReplicationController of the upper-case server and a Service before it; and whether what runs on
 * the engine is what was declared, neither less nor more nor twice.
 */
import assert from 'node:assert/strict';
import { type ControlledService, manifestsOf } from './controlled-service.ts';
import type { Dockerd } from './dockerd.ts';
import { eventually } from './eventually.ts';
import { environmentOf, type KubeContainer, kubeContainers } from './kube-containers.ts';
import type { Sampan } from './sampan.ts';

export interface App extends Pick<ControlledService, 'name' | 'replicas' | 'version'> {
  readonly image?: string;
}

const PORT = 8010;

export function manifestOf(app: App): string {
  return manifestsOf({ image: 'upperstring', port: PORT, ...app });
}

export interface Cluster {
  readonly dockerd: Dockerd;
  readonly sampan: Sampan;
}

/** Resolves when {@link assertSettled} holds. */
export async function untilSettled(cluster: Cluster, apps: readonly App[], timeoutMs = 30_000): Promise<void> {
  const describe = `what runs to be what is declared: ${apps.map(({ name, replicas }) => `${replicas} ${name}`).join(', ')}`;
  await eventually(async () => (await assertSettled(cluster, apps)) ?? true, { describe, timeoutMs });
}

/**
 * Throws unless the engine runs exactly the declared apps (each replica one app and one pause container, of the declared version),
 * no ended container is left of a pod that went, the API says the same, and every Service with a replica answers.
 */
export async function assertSettled({ dockerd, sampan }: Cluster, apps: readonly App[]): Promise<void> {
  const containers = await kubeContainers(dockerd);
  const running = containers.filter((each) => each.running);
  const declared = apps.flatMap((app) => Array<string>(app.replicas).fill(`${app.name} ${app.version ?? '1'}`));
  const appContainers = running.filter(({ container }) => container === 'app');
  const found = await Promise.all(appContainers.map((each) => describeContainer(dockerd, each)));
  assert.deepEqual(found.sort(), declared.sort(), 'app containers that run');

  const pods = await sampan.api.list('/api/v1/namespaces/default/pods');
  const uids = pods.map(({ metadata }) => metadata.uid ?? '').sort();
  const podsOf = (name: string) => running.filter(({ container }) => container === name).map(({ podUid }) => podUid);
  assert.deepEqual(podsOf('app').sort(), uids, 'one app container for every pod of the API');
  assert.deepEqual(podsOf('POD').sort(), uids, 'one pause container for every pod of the API');
  assert.deepEqual(
    containers.filter(({ podUid }) => !uids.includes(podUid)).map(({ name }) => name),
    [],
    'containers of pods that went',
  );
  for (const { metadata, status } of pods) {
    const ready = status.conditions?.find(({ type }: { type: string }) => type === 'Ready')?.status;
    assert.equal(ready, 'True', `${metadata.name} is ready`);
  }

  const services = await sampan.api.list('/api/v1/namespaces/default/services');
  const names = services.map(({ metadata }) => metadata.name).filter((name) => name !== 'kubernetes');
  assert.deepEqual(names.sort(), apps.map(({ name }) => name).sort(), 'Services');
  for (const { name, replicas } of apps) {
    if (replicas > 0) assert.equal(await ask({ dockerd, sampan }, name), 'HELLO\n', `${name} answers`);
  }
}

/** What the app's Service answers to `hello`, from the host. */
export async function ask({ dockerd, sampan }: Cluster, name: string): Promise<string> {
  const { spec } = await sampan.api.get(`/api/v1/namespaces/default/services/${name}`);
  return dockerd.netns.exchange(spec.clusterIP, PORT, 'hello');
}

/** `web 2`: the app of a container and the version in its environment. */
async function describeContainer(dockerd: Dockerd, { id, pod }: KubeContainer): Promise<string> {
  const version = (await environmentOf(dockerd, id)).find((variable) => variable.startsWith('VERSION='));
  return `${pod.slice(0, pod.lastIndexOf('-'))} ${version?.slice('VERSION='.length)}`;
}
