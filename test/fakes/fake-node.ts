/** What an API server in a test needs of a node, `here`, whose containers run in a fake runtime. */
import { Nodes } from '../../daemon/apiserver/nodes/nodes.ts';
import type { StreamDeps } from '../../daemon/apiserver/streams/serve.ts';
import { NodeRequests, type NodeRequestsDeps } from '../../daemon/node-server/requests.ts';
import type { TlsIdentity } from '../../daemon/serving/listeners.ts';
import { containerLabels, SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import type { ObjectKey } from '../../reconcilers/objects/meta.ts';
import { CollectedLog } from './collected-log.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { SeededRandom } from './seeded-random.ts';
import type { TestCluster } from './test-cluster.ts';

export const NODE = 'here';
const INSTANCE = 'test';
/** Is shown to nobody. */
const NOBODY: TlsIdentity = { certificate: '', key: '', authority: '' };

export type NodeDeps = Pick<StreamDeps, 'nodes' | 'leadsToPod' | 'random'>;

/** Without `runtime`: one in which nothing runs. `identity`: for nodes elsewhere; without it none can be asked. */
export function nodeDeps(
  cluster: TestCluster,
  runtime = new FakeRuntime(cluster),
  identity: TlsIdentity = NOBODY,
  more: Partial<NodeRequestsDeps> = {},
): NodeDeps {
  const { registry: client, clock } = cluster;
  const own = { name: NODE, service: nodeRequests(NODE, cluster, runtime, more) };
  return {
    nodes: new Nodes({ own, client, clock, identity }),
    leadsToPod: () => true,
    random: new SeededRandom(),
  };
}

/** What the node answers, with the cluster's registry for what it knows of pods. */
export function nodeRequests(
  nodeName: string,
  { registry, clock }: TestCluster,
  runtime: FakeRuntime,
  more: Partial<NodeRequestsDeps> = {},
): NodeRequests {
  const pods = {
    get: (key: ObjectKey) => registry.get('Pod', key),
    list: async () => (await registry.list('Pod')).items.filter(({ spec }) => spec.nodeName === nodeName),
  };
  const log = new CollectedLog();
  return new NodeRequests({
    nodeName,
    instance: INSTANCE,
    pods,
    runtime,
    machine: () => undefined,
    clock,
    log,
    ...more,
  });
}

/** Creates the pod, binds it to the node, and starts its containers as the kubelet would: `images` by container, the pause one too. */
export async function runPod(
  cluster: TestCluster,
  runtime: FakeRuntime,
  name: string,
  images: Readonly<Record<string, string>>,
  podIP = '127.0.0.1',
  nodeName = NODE,
): Promise<Record<string, string>> {
  const { [SANDBOX]: _, ...containers } = images;
  const key = { namespace: 'default', name };
  const { metadata } = await cluster.registry.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: key,
    spec: { containers: Object.entries(containers).map(([container, image]) => ({ name: container, image })) },
  } as never);
  await cluster.registry.bindPod(key, metadata.uid, nodeName);
  const ids: Record<string, string> = {};
  for (const [container, image] of Object.entries(images)) {
    const identity = { pod: { ...key, uid: metadata.uid }, container, instance: INSTANCE, specHash: 'v1-x' };
    const counts = { attempt: 0, sandboxAttempt: 0, crashes: 0, graceSeconds: 1 };
    const labels = containerLabels({ ...identity, ...counts });
    const id = await runtime.create({ name: `${name}-${container}`, image, labels, network: { kind: 'host' } });
    await runtime.start(id);
    ids[container] = id;
  }
  const stored = await cluster.registry.get('Pod', key);
  if (stored === undefined) throw new Error(`pod ${name} is gone`);
  const status = { ...stored.status, phase: 'Running' as const, podIP };
  await cluster.registry.updateStatus('Pod', { ...stored, status });
  return ids;
}
