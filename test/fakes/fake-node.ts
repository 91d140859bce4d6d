/** What an API server in a test needs of a node, `here`, whose containers run in a fake runtime. */
import type { StreamDeps } from '../../daemon/apiserver/streams/serve.ts';
import { podLogsFrom } from '../../daemon/pod-output.ts';
import { podRuntimeFrom } from '../../daemon/pod-streams.ts';
import { containerLabels, SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { SeededRandom } from './seeded-random.ts';
import type { TestCluster } from './test-cluster.ts';

export const NODE = 'here';
const INSTANCE = 'test';

export type NodeDeps = Pick<StreamDeps, 'podLogs' | 'pods' | 'nodeName' | 'random'>;

/** Without `runtime`: one in which nothing runs. */
export function nodeDeps(cluster: TestCluster, runtime = new FakeRuntime(cluster)): NodeDeps {
  return {
    podLogs: podLogsFrom(runtime, INSTANCE),
    pods: podRuntimeFrom(runtime, { instance: INSTANCE, nodeName: NODE }),
    nodeName: NODE,
    random: new SeededRandom(),
  };
}

/** Creates the pod, binds it to the node, and starts its containers as the kubelet would: `images` by container, the pause one too. */
export async function runPod(
  cluster: TestCluster,
  runtime: FakeRuntime,
  name: string,
  images: Readonly<Record<string, string>>,
  podIP = '127.0.0.1',
): Promise<Record<string, string>> {
  const { [SANDBOX]: _, ...containers } = images;
  const key = { namespace: 'default', name };
  const { metadata } = await cluster.registry.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: key,
    spec: { containers: Object.entries(containers).map(([container, image]) => ({ name: container, image })) },
  } as never);
  await cluster.registry.bindPod(key, metadata.uid, NODE);
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
